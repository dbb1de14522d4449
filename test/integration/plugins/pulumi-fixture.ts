import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { LocalWorkspace } from '@pulumi/pulumi/automation/index.js';
import type { PulumiCommand, PulumiFn, Stack } from '@pulumi/pulumi/automation/index.js';
import type pg from 'pg';
import { installPlugins } from '../../../toolchain/plugins/install-plugins.ts';
import { databaseUrl } from '../../support/test-database.ts';
import { postgresClient } from '../../support/postgres-client.ts';

export const repoRoot = resolve(import.meta.dirname, '../../..');

export interface PulumiFixture {
  pulumiHome: string;
  backendUrl: string;
  /** Folder with `pulumi-language-nodejs`. */
  languageHostDir: string;
  /** Address of the server, and an administrator who may create roles and databases but is no superuser. */
  server: { host: string; port: number; adminUser: string; adminPassword: string };
  environment: Record<string, string>;
  openStack(name: string, program: PulumiFn, pulumiCommand?: PulumiCommand): Promise<Stack>;
  /** As superuser; on the given database, or `postgres`. */
  query<Row extends pg.QueryResultRow>(sql: string, database?: string): Promise<Row[]>;
  cleanUp(): Promise<void>;
}

/** A real Pulumi CLI (from PATH) with the air-gapped plugins, state and tenants' databases in the test PostgreSQL. */
export async function createPulumiFixture(): Promise<PulumiFixture> {
  const id = randomBytes(6).toString('hex');
  const home = await mkdtemp(join(tmpdir(), 'authsome-pulumi-'));
  const [stateDatabase, adminUser, adminPassword] = [`state_${id}`, `tenants_${id}`, randomBytes(12).toString('hex')];
  const languageHostDir = join(home, 'bin');
  const query: PulumiFixture['query'] = async (sql, database = 'postgres') => {
    const client = postgresClient({ connectionString: databaseUrl(database) });
    await client.connect();
    try {
      return (await client.query(sql)).rows as never;
    } finally {
      await client.end();
    }
  };
  await query(`create database ${stateDatabase}`);
  await query(`create role ${adminUser} login createdb createrole password '${adminPassword}'`);
  await installPlugins({
    pulumi: 'pulumi',
    pulumiHome: home,
    node: process.execPath,
    repoRoot,
    plugins: ['random', 'postgresql'],
    languageHostDir,
  });
  const address = new URL(databaseUrl(stateDatabase));
  const backendUrl = `${address.href}?sslmode=disable`;
  const environment = {
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: backendUrl,
    PULUMI_CONFIG_PASSPHRASE: 'test-passphrase',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
  };
  // Makes the state's table: of several that would do so at once, all but one fail.
  await promisify(execFile)('pulumi', ['stack', 'ls', '--all', '--non-interactive'], {
    cwd: home,
    env: { ...process.env, ...environment },
  });
  return {
    pulumiHome: home,
    backendUrl,
    languageHostDir,
    server: { host: address.hostname, port: Number(address.port), adminUser, adminPassword },
    environment,
    query,
    openStack: (stackName, program, pulumiCommand) =>
      LocalWorkspace.createOrSelectStack(
        { stackName, projectName: 'plugin-test', program },
        { pulumiHome: home, envVars: environment, pulumiCommand },
      ),
    cleanUp: async () => {
      await query(`drop database if exists ${stateDatabase} with (force)`);
      await query(`drop role if exists ${adminUser}`);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A name for a stack, role or database that no other test uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}${randomBytes(5).toString('hex')}`;
}
