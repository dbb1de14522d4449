import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readFile, rm, stat, unlink } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { freePort } from '../../support/free-port.ts';
import { postgresBin, unprivilegedUser } from '../../support/start-postgres.ts';
import { waitFor } from '../../support/wait-for.ts';
import { postgresClient } from '../../support/postgres-client.ts';

const entrypoint = join(import.meta.dirname, '../../../toolchain/images/postgres/entrypoint.sh');
const password = 'superuser-password';

interface Volume {
  folder: string;
  data: string;
}

interface Started {
  port: number;
  stop: () => Promise<void>;
}

async function newVolume(t: ExecutionContext): Promise<Volume> {
  const folder = await mkdtemp(join(tmpdir(), 'entrypoint-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const user = unprivilegedUser();
  if (user) await chown(folder, user.uid, user.gid);
  return { folder, data: join(folder, 'pgdata') };
}

/** Runs the image's entrypoint as the image does, on a volume, with another port and no socket. */
async function start(t: ExecutionContext, { folder, data }: Volume, env: Record<string, string>): Promise<Started> {
  const port = await freePort();
  const child = spawn('sh', [entrypoint, 'postgres', '-p', String(port), '-c', 'unix_socket_directories=', '-c', 'fsync=off'], {
    ...unprivilegedUser(),
    cwd: folder,
    env: {
      PATH: `${postgresBin()}:${process.env['PATH']}`,
      PGDATA: data,
      POSTGRES_PASSWORD: password,
      TMPDIR: folder,
      LANG: 'C.UTF-8',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    await ended;
  };
  t.teardown(stop);
  await waitFor('the server', async () => {
    if (child.exitCode !== null) throw new Error(`the entrypoint ended: ${log}`);
    return query(port, { host: '127.0.0.1' }).catch(() => undefined);
  });
  return { port, stop };
}

interface Access {
  /** Address that the client comes from; loopback's own is let in without TLS, for probes. */
  host: string;
  ssl?: boolean;
}

class SocketFrom extends Socket {
  readonly #address: string;

  constructor(address: string) {
    super();
    this.#address = address;
  }

  override connect(port: unknown): this {
    return super.connect({ port: Number(port), host: '127.0.0.1', localAddress: this.#address });
  }
}

async function query(port: number, { host, ssl = false }: Access): Promise<{ ssl: boolean; version: string | null }> {
  const client = postgresClient({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    ssl: ssl && { rejectUnauthorized: false },
    stream: () => new SocketFrom(host),
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ ssl: boolean; version: string | null }>(
      'select ssl, version from pg_stat_ssl where pid = pg_backend_pid()',
    );
    if (rows[0] === undefined) throw new Error('no row');
    return rows[0];
  } finally {
    await client.end().catch(() => undefined);
  }
}

const tls = { POSTGRES_TLS: 'self-signed' };
/** As good as another machine's: not the one address that is let in without TLS. */
const elsewhere = '127.0.0.2';

test('asked for TLS, it makes a certificate once and lets the network in over nothing else', async (t) => {
  const volume = await newVolume(t);
  const { port, stop } = await start(t, volume, tls);
  t.deepEqual(await query(port, { host: elsewhere, ssl: true }), { ssl: true, version: 'TLSv1.3' });
  await t.throwsAsync(query(port, { host: elsewhere }), { message: /no pg_hba.conf entry for host.*no encryption/ });
  t.is((await stat(join(volume.data, 'server.key'))).mode & 0o077, 0);
  const certificate = await readFile(join(volume.data, 'server.crt'), 'utf8');
  await stop();
  const again = await start(t, volume, tls);
  t.true((await query(again.port, { host: elsewhere, ssl: true })).ssl);
  t.is(await readFile(join(volume.data, 'server.crt'), 'utf8'), certificate);
});

test('an instance connects with the URL that the tenant program gives it', async (t) => {
  const { port } = await start(t, await newVolume(t), tls);
  const connect = async (parameters: string): Promise<boolean | undefined> => {
    const client = postgresClient({ connectionString: `postgres://postgres:${password}@127.0.0.1:${port}/postgres?${parameters}` });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()')).rows[0]?.ssl;
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  t.true(await connect('uselibpqcompat=true&sslmode=require'));
  // Without the first parameter node-postgres looks at the certificate, which nobody has signed.
  await t.throwsAsync(connect('sslmode=require'), { message: /self-signed certificate/ });
});

test('a start that was ended before its certificate was whole makes another', async (t) => {
  const volume = await newVolume(t);
  const { stop } = await start(t, volume, tls);
  await stop();
  await unlink(join(volume.data, 'server.crt'));
  const { port } = await start(t, volume, tls);
  t.true((await query(port, { host: elsewhere, ssl: true })).ssl);
});

test('not asked for it, it has none and lets the network in as it is', async (t) => {
  const volume = await newVolume(t);
  const { port } = await start(t, volume, {});
  t.false((await query(port, { host: elsewhere })).ssl);
  await t.throwsAsync(query(port, { host: elsewhere, ssl: true }), { message: /does not support SSL/ });
});

test('an unknown kind of TLS is refused before anything is made', async (t) => {
  const volume = await newVolume(t);
  const error = await t.throwsAsync(start(t, volume, { POSTGRES_TLS: 'yes' }));
  t.regex(error.message, /POSTGRES_TLS must be self-signed or not set/);
  await t.throwsAsync(stat(volume.data), { code: 'ENOENT' });
});
