import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundle } from '../../../toolchain/images/bundle.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startPostgres } from '../../support/start-postgres.ts';
import { startRedis } from '../../support/start-redis.ts';
import { startMeasuredServer } from './measured-server.ts';
import type { MeasuredServer } from './measured-server.ts';
import { putLoad } from './put-load.ts';
import { postgresClient } from '../../support/postgres-client.ts';

// node test/bench/instance/measure.ts: the instance next to bare better-auth, on the same PostgreSQL and Redis. The last line is one JSON
// object. Both are bundled, as the instance is in its image, and the instance writes its log as it does there.

interface Contestant {
  name: string;
  entry: string;
  /** Headers of every request. */
  headers: Record<string, string>;
  paths: { signUp: string; signIn: string; session: string };
  /** How a session is presented, from the answer to a sign-in. */
  present: (answer: Response) => Promise<Record<string, string>>;
}

const rounds = 4;
const seconds = { hashing: 5, session: 3 };
const repoRoot = path.resolve(import.meta.dirname, '../../..');
const appId = 'app_bench12345';
const instanceToken = randomBytes(32).toString('hex');
const password = 'correct horse battery';

const contestants: Contestant[] = [
  {
    name: 'instance',
    entry: 'services/instance/main.ts',
    headers: { 'x-authsome-instance-token': instanceToken, 'x-authsome-app-id': appId, 'x-authsome-key-type': 'public' },
    paths: { signUp: '/auth/signup', signIn: '/auth/signin', session: '/auth/session' },
    present: async (answer) => ({ 'x-session-token': ((await answer.json()) as { session: { token: string } }).session.token }),
  },
  {
    name: 'bare better-auth',
    entry: 'test/bench/instance/bare-better-auth.ts',
    // Node's fetch says that it is a browser's, and of those better-auth wants an origin.
    headers: { origin: 'http://127.0.0.1' },
    paths: { signUp: '/api/auth/sign-up/email', signIn: '/api/auth/sign-in/email', session: '/api/auth/get-session' },
    present: (answer) => Promise.resolve({ cookie: answer.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '' }),
  },
];

// So that the servers, which are stopped at this process's exit, do not outlive it.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));

const directory = makeServerDirectory();
const [postgres, redis] = await Promise.all([startPostgres(directory), startRedis(directory)]);
try {
  const servers = await Promise.all(contestants.map((contestant, i) => start(contestant, i)));
  const figures = contestants.map(() => ({ signUp: [] as number[], signIn: [] as number[], session: [] as number[] }));
  for (let round = 1; round <= rounds; round += 1) {
    // In turns, and in the other order the next time, so that whatever else the machine does meets both.
    const order = [...contestants.entries()];
    for (const [i, contestant] of round % 2 === 1 ? order : order.reverse()) {
      const measured = await measure(contestant, servers[i]!);
      figures[i]!.signUp.push(measured.signUp);
      figures[i]!.signIn.push(measured.signIn);
      figures[i]!.session.push(measured.session);
      const { signUp, signIn, session } = measured;
      console.log(
        `round ${round}, ${contestant.name}: sign-up ${signUp.toFixed(1)}/s, sign-in ${signIn.toFixed(1)}/s, session ${session.toFixed(0)}/s`,
      );
    }
  }
  const rss = servers.map((server) => server.rssMib());
  await Promise.all(servers.map((server) => server.stop()));
  console.log(
    JSON.stringify({
      ...compare(
        'signUpPerSecond',
        1,
        figures.map(({ signUp }) => median(signUp)),
      ),
      ...compare(
        'signInPerSecond',
        1,
        figures.map(({ signIn }) => median(signIn)),
      ),
      ...compare(
        'sessionPerSecond',
        0,
        figures.map(({ session }) => median(session)),
      ),
      ...compare('rssMib', 0, rss),
    }),
  );
} finally {
  await Promise.all([postgres.stop(), redis.stop()]);
  rmSync(directory, { recursive: true, force: true });
}

async function start({ name, entry }: Contestant, index: number): Promise<MeasuredServer> {
  const file = path.join(directory, `server-${index}.mjs`);
  writeFileSync(file, await bundle({ repoRoot, entry, cacheDir: path.join(directory, 'bundles') }));
  const database = `bench_${index}`;
  const admin = postgresClient({ connectionString: postgres.url });
  await admin.connect();
  await admin.query(`create database ${database}`);
  await admin.end();
  const url = new URL(postgres.url);
  url.pathname = `/${database}`;
  const server = await startMeasuredServer(file, {
    DATABASE_URL: url.href,
    REDIS_URL: `${redis.url}/${index}`,
    AUTH_SECRET: randomBytes(32).toString('hex'),
    APP_ID: appId,
    INSTANCE_TOKEN: instanceToken,
    PORT: '0',
    METRICS_PORT: '0',
  });
  console.log(`${name}: ${server.rssMib()} MiB after its start`);
  return server;
}

async function measure({ headers, paths, present }: Contestant, { url }: MeasuredServer) {
  const json = { ...headers, 'content-type': 'application/json' };
  const newUser = () => JSON.stringify({ email: `${randomBytes(9).toString('hex')}@example.com`, password, name: 'Ada' });
  const signUp = await putLoad({ url: url + paths.signUp, method: 'POST', headers: json, body: newUser, seconds: seconds.hashing });
  const email = `known-${randomBytes(9).toString('hex')}@example.com`;
  const known = await fetch(url + paths.signUp, { method: 'POST', headers: json, body: JSON.stringify({ email, password, name: 'Ada' }) });
  if (!known.ok) throw new Error(`${url + paths.signUp} answered ${known.status}`);
  const credentials = JSON.stringify({ email, password });
  const signIn = await putLoad({
    url: url + paths.signIn,
    method: 'POST',
    headers: json,
    body: () => credentials,
    seconds: seconds.hashing,
  });
  const sessionHeaders = { ...headers, ...(await present(known)) };
  const check = await (await fetch(url + paths.session, { headers: sessionHeaders })).text();
  if (!check.includes(email)) throw new Error(`${url + paths.session} does not know the session: ${check}`);
  const session = await putLoad({ url: url + paths.session, method: 'GET', headers: sessionHeaders, seconds: seconds.session });
  return { signUp, signIn, session };
}

function compare(name: string, digits: number, [ours = 0, bare = 0]: number[]): Record<string, number> {
  return {
    [name]: Number(ours.toFixed(digits)),
    [`${name}Bare`]: Number(bare.toFixed(digits)),
    [`${name}Ratio`]: Number((ours / bare).toFixed(2)),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}
