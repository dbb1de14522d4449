import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { operationRequestSchema } from '../../../stacks/operation-protocol.ts';
import type { DriftChange, OperationErrorCode, OperationMessage, OperationRequest } from '../../../stacks/operation-protocol.ts';
import { tenantNames } from '../../../tenant-program/names.ts';
import { specSecrets } from '../../../tenant-program/spec-secrets.ts';

// Speaks the protocol of stacks/operation-child.ts and does what a test's script says, in place of pulumi.

export type Step =
  | 'succeed'
  /** Goes on when the test releases it; ends with an error on SIGINT, as pulumi does. */
  | 'hold'
  /** Goes on for ever and ignores SIGINT; has a process of its own in its group. */
  | 'hang'
  | 'fail'
  | 'fail-for-good'
  /** An error that quotes the secrets of the request. */
  | 'blab'
  /** An error that quotes the whole configuration. */
  | 'blab-config'
  /** Ends without a word. */
  | 'crash';

export interface Call {
  kind: OperationRequest['kind'];
  takeover: boolean;
  pid: number;
  /** Pid of the process that 'hang' starts, in a group of its own, as the engine's plugins are. */
  grandchild?: number;
  argv: string[];
  variables: string[];
  plan: string;
  databaseTier: string;
  replicas: number;
  restartedAt: string | undefined;
  config: OperationRequest['spec']['config'];
}

const home = process.env.PULUMI_HOME ?? '';
const say = (line: OperationMessage): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const fail = (code: OperationErrorCode, retryable: boolean, message = `scripted: ${code}`): void =>
  say({ type: 'error', code, message, retryable, remedy: 'None, it is a script.' });
const did = (op: string, name: string): void => say({ type: 'resource', op, resourceType: 'scripted:index:Thing', name, status: 'done' });

async function main(): Promise<void> {
  const request = await readRequest();
  const { appId } = request.spec;
  if (request.kind === 'drift') {
    say({ type: 'result', outputs: null, counts: {}, drift: await scriptedDrift(appId) });
    process.exit(0);
  }
  const script = JSON.parse(await readFile(path.join(home, `${appId}.script.json`), 'utf8')) as Step[];
  const callsFile = path.join(home, `${appId}.calls.jsonl`);
  const earlier = (await readFile(callsFile, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '').length;
  // The last step is for every later call too.
  const step = script[earlier] ?? script.at(-1) ?? 'succeed';
  const grandchild = step === 'hang' ? await startInOwnGroup() : undefined;
  const call: Call = {
    kind: request.kind,
    takeover: request.takeover,
    pid: process.pid,
    ...(grandchild === undefined ? {} : { grandchild }),
    argv: process.argv.slice(2),
    variables: Object.keys(process.env),
    plan: request.spec.plan,
    databaseTier: request.spec.database.tier,
    replicas: request.spec.resources.replicas,
    restartedAt: request.spec.restartedAt,
    config: request.spec.config,
  };
  await appendFile(callsFile, `${JSON.stringify(call)}\n`);
  await perform(step, request);
  process.exit(0);
}

/** What a test says that a look for drift finds; it is no step of the script. */
async function scriptedDrift(appId: string): Promise<DriftChange[]> {
  const text = await readFile(path.join(home, `${appId}.drift.json`), 'utf8').catch(() => '[]');
  return JSON.parse(text) as DriftChange[];
}

/** An interactive shell puts each job in a group of its own, in the same session; node can only start new sessions. */
async function startInOwnGroup(): Promise<number> {
  const shell = spawn('sh', ['-c', 'set -m; sleep 600 & echo $!'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [chunk] = (await once(shell.stdout, 'data')) as [Buffer];
  return Number(chunk.toString());
}

/** The first line; stdin stays open behind it, and its end means that the worker is dead. */
async function readRequest(): Promise<OperationRequest> {
  const lines = createInterface({ input: process.stdin });
  return new Promise((resolve) => {
    lines.once('line', (line) => resolve(operationRequestSchema.parse(JSON.parse(line))));
    lines.once('close', () => process.exit(3));
  });
}

async function perform(step: Step, request: OperationRequest): Promise<void> {
  say({ type: 'phase', name: request.kind === 'up' ? 'applying' : 'destroying', at: new Date().toISOString() });
  switch (step) {
    case 'fail':
      return fail('pods_not_ready', true);
    case 'fail-for-good':
      return fail('pods_not_ready', false);
    case 'blab':
      return fail('pods_not_ready', false, `${specSecrets(request.spec).join(' ')} ${process.env.PULUMI_CONFIG_PASSPHRASE}`);
    case 'blab-config':
      return fail('pods_not_ready', false, JSON.stringify(request.spec.config));
    case 'crash':
      process.stderr.write('about to crash\n');
      process.exit(7);
      break;
    case 'hang':
      process.on('SIGINT', () => undefined);
      return new Promise(() => setInterval(() => undefined, 1_000));
    case 'hold':
      process.on('SIGINT', () => {
        fail('cancelled', true);
        process.exit(1);
      });
      await released(request.spec.appId);
      return succeed(request);
    case 'succeed':
      return succeed(request);
  }
}

async function released(appId: string): Promise<void> {
  const file = path.join(home, `${appId}.release`);
  for (;;) {
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function succeed({ kind, spec }: OperationRequest): void {
  const { namespace, internalUrl, database, role } = tenantNames(spec.appId);
  if (kind === 'destroy') {
    did('delete', 'Namespace');
    say({ type: 'result', outputs: null, counts: { delete: 1 } });
    return;
  }
  process.stdout.write('a library printed this\n');
  did('create', 'Namespace');
  did('create', 'Deployment');
  say({
    type: 'result',
    counts: { create: 2 },
    outputs: {
      programVersion: 'scripted',
      namespace,
      internalUrl,
      databaseTier: spec.database.tier,
      databaseHost: 'postgres',
      databaseName: database,
      databaseUser: role,
      databaseUrl: `postgres://${role}:tenant-secret@postgres/${database}`,
      redisHost: 'redis',
      redisUrl: 'redis://:tenant-secret@redis',
      instanceToken: `token-${spec.appId}-0123456789012345678901234567890123456789`,
    },
  });
}

await main();
