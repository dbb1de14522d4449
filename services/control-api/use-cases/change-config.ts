import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { appConfigSchema } from '../../shared/app-config.ts';
import type { AppConfig } from '../../shared/app-config.ts';
import { openConfig } from '../../shared/config-secrets.ts';
import { appErrors } from '../../shared/errors.ts';
import type { ErrorDetail } from '../../shared/errors.ts';
import { parseInput } from '../../shared/http/parse-input.ts';
import { isJsonObject, mergePatch } from '../../shared/merge-patch.ts';
import type { SecretBox } from '../../shared/secret-box.ts';
import type { ApplicationRow } from '../stores/application-store.ts';

/** As in a request, so that a field is named by the path that the caller knows. */
const bodySchema = z.strictObject({ config: appConfigSchema });

/**
 * An application's configuration after a JSON merge patch. A secret that the patch does not name stays as it is, unless its destination
 * changes.
 *
 * @throws AppError invalid_request with the fields that are wrong once the patch is merged
 */
export function changeConfig(row: ApplicationRow, patch: Record<string, unknown>, box: SecretBox): { config: AppConfig; changed: boolean } {
  const stored = openConfig({ settings: row.config, sealedSecrets: row.sealed_config_secrets }, { box, appId: row.id });
  const { config } = parseInput(bodySchema, { config: mergePatch(stored, patch) });
  const moved = movedSecrets(row, config, patch);
  if (moved.length > 0) throw appErrors.invalidRequest(moved);
  return { config, changed: !isDeepStrictEqual(config, stored) };
}

/**
 * Secrets that the patch would send to another place without naming them. Whoever may change a configuration could read a stored secret
 * that way, by pointing it at a server of their own.
 */
function movedSecrets(row: ApplicationRow, config: AppConfig, patch: Record<string, unknown>): ErrorDetail[] {
  const { email, oidcProviders } = row.config;
  const destinations = [
    { secret: ['email', 'smtp', 'password'], what: 'host', before: email?.smtp.host, after: config.email?.smtp.host },
    ...Object.entries(config.oidcProviders).map(([name, { issuer }]) => ({
      secret: ['oidcProviders', name, 'clientSecret'],
      what: 'issuer',
      before: Object.hasOwn(oidcProviders, name) ? oidcProviders[name]?.issuer : undefined,
      after: issuer,
    })),
  ];
  return destinations
    .filter(({ secret, before, after }) => after !== before && secret.join('.') in row.sealed_config_secrets && !names(patch, secret))
    .map(({ secret, what }) => ({ field: `config.${secret.join('.')}`, reason: `must be given again, as the ${what} is another one` }));
}

function names(patch: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  // What replaces an object as a whole, or removes it, leaves none of its secrets.
  return isJsonObject(patch) ? Object.hasOwn(patch, name) && names(patch[name], rest) : patch === null;
}
