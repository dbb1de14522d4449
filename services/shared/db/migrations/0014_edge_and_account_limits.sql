-- Whose pages may call an application: in its route, so that proxies can answer browsers themselves. A column of its own, since the role of
-- the proxies must not read the rest of the configuration.
alter table applications
  add column allowed_origins jsonb generated always as (config -> 'allowedOrigins') stored;

-- Which fields the route has that is in Redis. Those of before have no origins: a control API that knows them publishes each again. While
-- older replicas still run, bumping the revision instead would let them publish it once more without.
alter table applications add column published_format smallint not null default 0;
update applications set published_format = 1 where status = 'deleted';
drop index applications_unpublished_route_idx;
create index applications_unpublished_route_idx on applications (id) where revision > published_revision or published_format < 1;

-- What an account's limits are counted by.
create index members_owner_idx on members (user_id) where role = 'owner';
