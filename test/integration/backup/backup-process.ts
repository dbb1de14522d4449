import { execa } from 'execa';
import { binDir, encryptionKey, passphraseFingerprint } from './platform-databases.ts';
import type { PlatformDatabases } from './platform-databases.ts';

const keys = { ENCRYPTION_KEY: encryptionKey, PASSPHRASE_FINGERPRINT: passphraseFingerprint, PG_BIN_DIR: binDir };

/** What `run` and `list` need, but for the target. */
export const backupEnv = ({ urls }: PlatformDatabases): Record<string, string> => ({
  ...keys,
  ...{ CONTROL_DATABASE_URL: urls.control, STATE_DATABASE_URL: urls.state, TENANTS_DATABASE_URL: urls.tenants },
});

/** What a restore into this platform needs, but for the target. */
export const restoreEnv = ({ admin }: PlatformDatabases, redis: { url: string }): Record<string, string> => ({
  ...keys,
  ...{ ADMIN_DATABASE_URL: admin.control, TENANTS_ADMIN_DATABASE_URL: admin.tenants, REDIS_URL: redis.url },
});

/** The service's own program, with an environment of nothing but what is given. */
export const startBackupProcess = (args: string[], env: Record<string, string>) =>
  execa('node', ['services/backup/main.ts', ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    extendEnv: false,
    reject: false,
    all: true,
    timeout: 90_000,
    // The grace period of its pod: it has to end by itself within that.
    forceKillAfterDelay: 40_000,
  });

/** What the program answers as its last line. */
export const resultOf = (stdout: string): unknown =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('{"result"'))
    .map((line) => (JSON.parse(line) as { result: unknown }).result)
    .at(-1);
