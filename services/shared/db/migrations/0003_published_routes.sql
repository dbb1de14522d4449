-- The highest revision that is known to have reached Redis. Where it is behind, the control API publishes the route again: a key that
-- was revoked while Redis was away must not work for ever.
alter table applications add column published_revision bigint not null default 0;
create index applications_unpublished_route_idx on applications (id) where revision > published_revision;
