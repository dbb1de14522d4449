-- Where the application's database is. It is chosen by the plan at its creation and then stays, whatever becomes of the plan: another tier
-- is another server. All that exist so far are on the shared one.
alter table applications
  add column database_tier text not null default 'shared' check (database_tier in ('shared', 'dedicated'));
