import { execFile, execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { startChildServer } from './child-server.ts';
import { freePort } from './free-port.ts';
import { postgresClient } from './postgres-client.ts';

const debianRoot = '/usr/lib/postgresql';
const password = 'test-superuser';
/** Tests lose nothing in a crash; durability would cost most of their time. */
const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300', 'listen_addresses=127.0.0.1'];

/**
 * A PostgreSQL server of its own in `directory`, over TCP with passwords, as production has them.
 *
 * @param tls for `localhost`, in PEM: the server takes encrypted connections as well
 */
export async function startPostgres(
  directory: string,
  tls?: { key: string; cert: string },
): Promise<{ url: string; stop: () => Promise<void> }> {
  const bin = postgresBin();
  const user = unprivilegedUser();
  const data = path.join(directory, 'postgres');
  const passwordFile = path.join(directory, 'postgres-password');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) for (const owned of [data, passwordFile]) chownSync(owned, user.uid, user.gid);

  const initArgs = [
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  ];
  // Not the synchronous one: it would hold up the start of other servers in this process until their time is over.
  await promisify(execFile)(path.join(bin, 'initdb'), initArgs, { ...user, cwd: data, timeout: 120_000 });

  for (const [name, text] of Object.entries(tls ?? {})) {
    const file = path.join(data, `server.${name === 'cert' ? 'crt' : name}`);
    writeFileSync(file, text, { mode: 0o600 });
    if (user) chownSync(file, user.uid, user.gid);
  }
  const ownSettings = ['unix_socket_directories=', `ssl=${tls === undefined ? 'off' : 'on'}`, ...settings];

  const port = await freePort();
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const server = await startChildServer({
    command: path.join(bin, 'postgres'),
    args: ['-D', data, '-p', String(port), ...ownSettings.flatMap((setting) => ['-c', setting])],
    options: { ...user, cwd: data },
    probe: () => answersQuery(url),
  });
  // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
  return { url, stop: () => server.stop('SIGINT') };
}

/** Debian's newest server, or the one on PATH elsewhere. */
export function postgresBin(): string {
  const versions = existsSync(debianRoot) ? readdirSync(debianRoot).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => path.join(debianRoot, version, 'bin')).find((bin) => existsSync(path.join(bin, 'initdb')));
  if (found) return found;
  const onPath = (process.env.PATH ?? '').split(path.delimiter).find((folder) => existsSync(path.join(folder, 'initdb')));
  if (onPath) return onPath;
  throw new Error('PostgreSQL is not installed: apt-get install postgresql');
}

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
export function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

const probeTimeoutMs = 4_000;

async function answersQuery(url: string): Promise<void> {
  const client = postgresClient({ connectionString: url, connectionTimeoutMillis: probeTimeoutMs });
  await client.connect();
  await client.end();
}
