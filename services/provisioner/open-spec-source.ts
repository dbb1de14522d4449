import { openConfig } from '../shared/config-secrets.ts';
import type { AppSettings, SealedConfigSecrets } from '../shared/config-secrets.ts';
import type { DatabaseTier } from '../shared/plans.ts';
import type { SecretBox } from '../shared/secret-box.ts';
import { OperationError } from './operation-error.ts';
import type { SpecSource } from './tenant-settings.ts';

/** What a spec is made of as the application's row has it: its configuration without its secrets, which are sealed. */
export interface SealedSpecSource extends SpecSource {
  config: AppSettings;
  sealedConfigSecrets: SealedConfigSecrets;
  /** The application's own, whatever its plan says by now. */
  databaseTier: DatabaseTier;
}

/**
 * Puts the secrets back into an application's configuration. A destruction needs neither: it gets none, and the defaults for the rest, so
 * that a row that makes no spec any more, or a lost key, can't keep an application from being deleted.
 */
export function openSpecSource(
  { sealedConfigSecrets, ...source }: SealedSpecSource,
  { kind, box }: { kind: 'up' | 'destroy'; box: SecretBox },
): SpecSource {
  if (kind === 'destroy') return { ...source, config: {} };
  try {
    return { ...source, config: openConfig({ settings: source.config, sealedSecrets: sealedConfigSecrets }, { box, appId: source.id }) };
  } catch (cause) {
    throw new OperationError({
      code: 'secrets_unreadable',
      message: "The secrets of the application's configuration can't be read.",
      retryable: true,
      remedy: "Start the provisioner with the control API's ENCRYPTION_KEY.",
      cause,
    });
  }
}
