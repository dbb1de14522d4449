import { createInterface } from 'node:readline';
import { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import { z } from 'zod';
import { findTextFault } from '../domain/text.ts';
import { specSecrets } from '../tenant-program/spec-secrets.ts';
import { runDestroy, runDrift, runUp } from './automation.ts';
import type { StackOperation } from './automation.ts';
import { classifyError } from './classify-error.ts';
import { killDescendants } from './kill-descendants.ts';
import { operationRequestSchema } from './operation-protocol.ts';
import type { OperationMessage, OperationRequest } from './operation-protocol.ts';

/**
 * Entry point of the process that runs one stack operation and then ends. Reads one request, a line of JSON, from standard input; writes
 * progress and the outcome as lines of JSON on standard output; exits 0 only after a result. Standard input must stay open
 * meanwhile: when it closes, the parent is gone, and the operation is cancelled, as it is by SIGTERM and SIGINT.
 *
 * The slow part of starting (loading the SDK, finding the CLI) comes before the request is read, so a parent can keep a process
 * ready that only waits for its request.
 */
const environmentSchema = z.object({
  PULUMI_BACKEND_URL: z.string().min(1),
  PULUMI_CONFIG_PASSPHRASE: z.string().min(1),
  PULUMI_HOME: z.string().min(1),
  OPERATION_TIMEOUT_MS: z.coerce.number().int().min(1_000).default(600_000),
  /** From the cancellation until the engine is killed: it may need so long to finish the steps that are under way. */
  CANCEL_GRACE_MS: z.coerce.number().int().min(0).default(20_000),
});

type Environment = z.output<typeof environmentSchema>;

const stop = new AbortController();
let stopped: 'cancelled' | 'deadline_exceeded' | undefined;
const secrets: string[] = [];
const diagnostics: string[] = [];

// A parent that is gone reads nothing. That must not end this process before it has cancelled the engine.
process.stdout.on('error', () => undefined);
process.exitCode = await main();
// Open pipes and the engine's idle connections would keep the process alive.
process.exit();

async function main(): Promise<number> {
  try {
    const environment = environmentSchema.parse(process.env);
    secrets.push(environment.PULUMI_BACKEND_URL, passwordOf(environment.PULUMI_BACKEND_URL), environment.PULUMI_CONFIG_PASSPHRASE);
    process.on('SIGTERM', () => stopWith('cancelled', environment));
    process.on('SIGINT', () => stopWith('cancelled', environment));
    const pulumiCommand = PulumiCommand.get();
    pulumiCommand.catch(() => undefined);
    const request = parseRequest(await readLine(() => stopWith('cancelled', environment)));
    setTimeout(() => stopWith('deadline_exceeded', environment), environment.OPERATION_TIMEOUT_MS).unref();
    await run(request, environment, await pulumiCommand);
    return 0;
  } catch (error) {
    await write(classifyError(error, { diagnostics, secrets, ...(stopped && { stopped }) }));
    return 1;
  }
}

async function run({ kind, spec, takeover }: OperationRequest, environment: Environment, pulumiCommand: PulumiCommand): Promise<void> {
  secrets.push(...specSecrets(spec));
  stop.signal.throwIfAborted();
  const operation: StackOperation = {
    spec,
    takeover,
    pulumiCommand,
    backendUrl: environment.PULUMI_BACKEND_URL,
    passphrase: environment.PULUMI_CONFIG_PASSPHRASE,
    pulumiHome: environment.PULUMI_HOME,
    onProgress: (progress) => void write(progress),
    onDiagnostic: (message) => diagnostics.push(message),
    signal: stop.signal,
  };
  switch (kind) {
    case 'up': {
      const { outputs, counts } = await runUp(operation);
      return write({ type: 'result', outputs, counts });
    }
    case 'destroy': {
      const { counts } = await runDestroy(operation);
      return write({ type: 'result', outputs: null, counts });
    }
    case 'drift': {
      const { changes } = await runDrift(operation);
      return write({ type: 'result', outputs: null, counts: {}, drift: changes });
    }
  }
}

/** The first stop counts. What has not ended when the grace period is over is killed, and the operation fails as stopped. */
function stopWith(reason: 'cancelled' | 'deadline_exceeded', { CANCEL_GRACE_MS }: Environment): void {
  if (stopped) return;
  stopped = reason;
  stop.abort(new Error(reason));
  setTimeout(() => {
    void killStoppedEngine(reason).finally(() => process.exit(1));
  }, CANCEL_GRACE_MS).unref();
}

function passwordOf(url: string): string {
  return URL.canParse(url) ? decodeURIComponent(new URL(url).password) : '';
}

async function killStoppedEngine(reason: 'cancelled' | 'deadline_exceeded'): Promise<void> {
  await killDescendants();
  await write(classifyError(new Error('the engine did not stop in time and was killed'), { diagnostics, secrets, stopped: reason }));
}

/** The first line of standard input; `onEnd` is called when standard input closes, before the line or after it. */
function readLine(onEnd: () => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: process.stdin });
    lines.once('line', resolve);
    lines.once('close', () => {
      onEnd();
      reject(new Error('standard input closed before a request came'));
    });
  });
}

function parseRequest(line: string): OperationRequest {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    // The parser's own message quotes the text, secrets included.
    throw new z.ZodError([{ code: 'custom', path: [], message: 'must be one line of JSON', input: undefined }]);
  }
  const fault = findTextFault(json);
  if (fault !== undefined) throw new z.ZodError([{ code: 'custom', path: fault.path, message: fault.reason, input: undefined }]);
  return operationRequestSchema.parse(json);
}

/** Resolves when the line is out: an exit right after it must not lose it. A parent that is gone reads nothing; that is no error. */
function write(message: OperationMessage): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(`${JSON.stringify(message)}\n`, () => resolve());
  });
}
