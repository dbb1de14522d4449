import { isIPv6 } from 'node:net';
import { secret } from '@pulumi/pulumi';
import type { Output } from '@pulumi/pulumi';
import type { AppConfig } from './app-config.ts';
import { ports } from '../domain/tenant-ports.ts';
import type { TenantSpec } from './spec.ts';

/** The instance's configuration that is no secret, as its environment variables. */
export function instanceConfiguration(spec: TenantSpec): Record<string, string> {
  const { config } = spec;
  return {
    APP_ID: spec.appId,
    ENVIRONMENT: spec.environment,
    REGION: spec.region,
    PORT: String(ports.http),
    METRICS_PORT: String(ports.metrics),
    PUBLIC_URL: spec.publicUrl,
    MODE: config.mode,
    SESSION_TIMEOUT_SECONDS: String(config.sessionTimeoutSeconds),
    ...(config.sessionLifetimeSeconds !== undefined && { SESSION_LIFETIME_SECONDS: String(config.sessionLifetimeSeconds) }),
    ALLOWED_ORIGINS: config.allowedOrigins.join(','),
    EMAIL_VERIFICATION_REQUIRED: String(config.emailVerificationRequired),
    DATABASE_POOL_SIZE: String(spec.resources.databasePoolSize),
    ...(config.email && { EMAIL_FROM: config.email.from }),
    ...(config.email?.mailsPerHour !== undefined && { MAILS_PER_HOUR: String(config.email.mailsPerHour) }),
    ...(spec.tracing && { OTEL_EXPORTER_OTLP_ENDPOINT: spec.tracing.endpoint }),
  };
}

/** The secrets that the owner has given, as the instance's environment variables. */
export function ownersSecrets({ email, socialProviders, oidcProviders }: AppConfig): Record<string, Output<string>> {
  return {
    ...(email && { EMAIL_SMTP_URL: secret(smtpUrl(email.smtp)) }),
    ...(isFilled(socialProviders) && { SOCIAL_PROVIDERS: secret(sortedJson(socialProviders)) }),
    ...(isFilled(oidcProviders) && { OIDC_PROVIDERS: secret(sortedJson(oidcProviders)) }),
  };
}

/** TLS from the first byte on its own port; elsewhere the instance insists on STARTTLS. */
function smtpUrl({ host, port, username, password }: NonNullable<AppConfig['email']>['smtp']): string {
  const scheme = port === 465 ? 'smtps' : 'smtp';
  const user = username === undefined ? '' : encodeURIComponent(username);
  const credentials = password === undefined ? user : `${user}:${encodeURIComponent(password)}`;
  return `${scheme}://${credentials === '' ? '' : `${credentials}@`}${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function isFilled(record: object): boolean {
  return Object.keys(record).length > 0;
}

/** By name, so that the order in which an owner's settings were stored rolls no pods. */
function sortedJson(record: Record<string, unknown>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))));
}
