import type { AppConfig } from './app-config.ts';
import { mergePatch } from './merge-patch.ts';
import type { SecretBox } from './secret-box.ts';

/** An application's configuration without its secrets: what is stored in the clear, and shown. */
export type AppSettings = Omit<AppConfig, 'email' | 'socialProviders' | 'oidcProviders'> & {
  email?: { from: string; smtp: { host: string; port: number; username?: string }; mailsPerHour?: number };
  socialProviders: Partial<Record<keyof AppConfig['socialProviders'], { clientId: string; domains?: string[] }>>;
  oidcProviders: Record<string, { issuer: string; clientId: string; domains?: string[] }>;
};

/** The secrets of a configuration, each sealed by itself, by the path of its field: `email.smtp.password`. No name in it has a dot. */
export type SealedConfigSecrets = Record<string, string>;

/** A configuration as the control database has it. */
export interface SealedConfig {
  settings: AppSettings;
  sealedSecrets: SealedConfigSecrets;
}

interface SealOptions {
  box: SecretBox;
  appId: string;
}

/** Takes the secrets out of a configuration and seals each for its application and its field: in another row or field it opens nothing. */
export function sealConfig(config: AppConfig, { box, appId }: SealOptions): SealedConfig {
  const secrets = Object.entries(configSecrets(config));
  return {
    settings: secrets.reduce<unknown>((rest, [path]) => mergePatch(rest, at(path, null)), config) as AppSettings,
    sealedSecrets: Object.fromEntries(secrets.map(([path, secret]) => [path, box.seal(secret, contextOf(appId, path))])),
  };
}

/**
 * The whole configuration, as it was given. To be parsed: a row may be of an older version.
 *
 * @throws Error where a secret can't be opened
 */
export function openConfig({ settings, sealedSecrets }: SealedConfig, { box, appId }: SealOptions): unknown {
  return Object.entries(sealedSecrets).reduce<unknown>(
    (config, [path, sealed]) => mergePatch(config, at(path, box.open(sealed, contextOf(appId, path)))),
    settings,
  );
}

/** The secrets of a configuration, by path. */
export function configSecrets({ email, socialProviders, oidcProviders }: AppConfig): Record<string, string> {
  const clientSecrets = Object.entries({ socialProviders, oidcProviders }).flatMap(([kind, providers]) =>
    Object.entries(providers).flatMap(([name, provider]) =>
      provider === undefined ? [] : [[`${kind}.${name}.clientSecret`, provider.clientSecret] as const],
    ),
  );
  const password = email?.smtp.password;
  return Object.fromEntries([...(password === undefined ? [] : [['email.smtp.password', password] as const]), ...clientSecrets]);
}

/** A merge patch that sets the value at one path. */
function at(path: string, value: unknown): unknown {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
}

function contextOf(appId: string, path: string): string {
  return `${appId} ${path}`;
}
