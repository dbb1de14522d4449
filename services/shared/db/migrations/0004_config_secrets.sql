-- config no longer holds secrets: they are here, each sealed by itself (config-secrets.ts), by the path of its field.
alter table applications add column sealed_config_secrets jsonb not null default '{}';

-- Settings that configurations of earlier versions don't have.
update applications set config = '{"socialProviders": {}, "oidcProviders": {}}'::jsonb || config;
