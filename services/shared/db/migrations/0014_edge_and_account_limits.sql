-- Whose pages may call an application: in its route, so that proxies can answer browsers themselves. A column of its own, since the role of
-- the proxies must not read the rest of the configuration.
alter table applications
  add column allowed_origins jsonb generated always as (config -> 'allowedOrigins') stored;
-- The routes that are in Redis don't have them: each is published again.
update applications set revision = revision + 1 where status <> 'deleted';

-- What an account's limits are counted by.
create index members_owner_idx on members (user_id) where role = 'owner';
