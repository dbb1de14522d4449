import { setTimeout as delay } from 'node:timers/promises';
import { migrateAuth } from './migrate-auth.ts';
import type { MigrateOptions } from './migrate-auth.ts';

/** Below the start-up probe's 90 s. */
const timeoutMs = 60_000;
const pauseMs = 500;

/**
 * Migrates as soon as the database answers. A database that is away for a moment must not end the process: the kubelet's growing pause
 * between restarts would outlast the outage.
 *
 * @throws the last error when it does not answer within 60 s
 */
export async function migrateWhenReachable(options: MigrateOptions): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      await migrateAuth(options);
      return;
    } catch (err) {
      if (Date.now() >= deadline) throw err;
      options.log.warn({ err }, 'Schema could not be migrated yet');
      await delay(pauseMs);
    }
  }
}
