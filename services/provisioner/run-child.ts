import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { storable } from '../../domain/text.ts';
import { operationMessageSchema } from '../../stacks/operation-protocol.ts';
import type { DriftChange, OperationMessage, OperationRequest } from '../../stacks/operation-protocol.ts';
import type { TenantOutputs } from '../../tenant-program/spec.ts';
import type { Log } from '../shared/log.ts';
import { childFailure } from './child-failure.ts';
import type { ResourceEvent } from './event-log.ts';
import type { ResourceChange } from './operation-progress.ts';
import type { StopReason } from './running-operations.ts';
import { startChild } from './start-child.ts';
import type { OperationChild } from './start-child.ts';

export interface ChildRunnerOptions {
  /** The child's program; node runs it. */
  entry: string;
  /** The child's environment, without the limits. */
  env: Record<string, string>;
  /** Wall-clock limit of one operation. */
  timeoutMs: number;
  /** Limits of single phases, by name. */
  phaseLimitsMs?: Readonly<Record<string, number>>;
  /** Between the interrupt, on which pulumi saves its state and unlocks the stack, and SIGKILL. */
  graceMs: number;
  /** For work that can wait: it has the lowest priority of the processor, and no child is kept ready for it. */
  background?: boolean;
}

export interface ChildRun {
  request: OperationRequest;
  /** Aborted with a StopReason. */
  stop: AbortSignal;
  onPhase: (name: string) => void;
  onResource: (event: ResourceEvent) => void;
  log: Log;
}

export interface ChildRunner {
  /**
   * Runs one stack operation in a child process and returns its outputs, null for a destroy.
   *
   * @throws OperationError for everything that can go wrong, a stop included
   */
  run(run: ChildRun): Promise<TenantOutputs | null>;
  /** Runs a look for drift in a child process and returns what it found. @throws OperationError as run() does */
  findDrift(run: Pick<ChildRun, 'request' | 'stop' | 'log'>): Promise<DriftChange[]>;
  /** Ends the child that is kept ready; those that run are stopped by their signal. */
  close(): void;
}

export type Ending = Extract<OperationMessage, { type: 'result' | 'error' }>;
type Result = Extract<Ending, { type: 'result' }>;

/** The limits here are the ones that count; the child's own come later, or sooner, to let it end its engine itself. */
const childDeadlineSlackMs = 5_000;
const childGraceShare = 0.75;

/**
 * A runner of operations, each in a child process of its own. One child is kept ready, with the SDK loaded and waiting for its request:
 * that spares the next operation the child's start.
 */
export function createChildRunner(options: ChildRunnerOptions): ChildRunner {
  const env = {
    ...options.env,
    OPERATION_TIMEOUT_MS: String(options.timeoutMs + childDeadlineSlackMs),
    CANCEL_GRACE_MS: String(Math.floor(options.graceMs * childGraceShare)),
  };
  let closed = false;
  let ready: OperationChild | undefined;
  const prepare = (): void => {
    if (!closed && !options.background && !ready?.isAlive()) ready = start();
  };
  const start = (): OperationChild => startChild({ entry: options.entry, env, background: options.background === true });
  const take = (): OperationChild => {
    const child = ready?.isAlive() ? ready : start();
    ready = undefined;
    return child;
  };
  prepare();
  const runNext = async (run: ChildRun): Promise<Result> => {
    try {
      return await runIn(take(), run, options);
    } finally {
      // Not before: its start would take the processor from the operation.
      prepare();
    }
  };

  return {
    run: async (run) => (await runNext(run)).outputs,
    findDrift: async (run) => (await runNext({ ...run, onPhase: () => undefined, onResource: () => undefined })).drift ?? [],
    close() {
      closed = true;
      ready?.kill();
    },
  };
}

async function runIn(child: OperationChild, run: ChildRun, options: ChildRunnerOptions): Promise<Result> {
  const limits = enforceLimits(child, run.stop, options);
  try {
    // The request holds secrets, so it is neither argument nor environment. Stdin then stays open: its end tells the child that this
    // process has died.
    child.stdin.write(`${JSON.stringify(run.request)}\n`);
    const ending = await readMessages(child, { ...run, onPhase: limits.enter(run.onPhase) });
    const how = await child.ended;
    if (ending?.type === 'result') return ending;
    throw childFailure({
      ending,
      how,
      timedOut: limits.timedOut(),
      stuckIn: limits.stuckIn(),
      stopped: run.stop.aborted,
      stderr: child.stderr(),
      run,
      env: options.env,
    });
  } finally {
    limits.clear();
    child.kill();
  }
}

function enforceLimits(child: OperationChild, stop: AbortSignal, { timeoutMs, graceMs, phaseLimitsMs = {} }: ChildRunnerOptions) {
  const timers: NodeJS.Timeout[] = [];
  let phaseTimer: NodeJS.Timeout | undefined;
  let timedOut = false;
  let stuckIn: string | undefined;
  const cancel = (): void => {
    child.interrupt();
    timers.push(setTimeout(() => child.kill(), graceMs));
  };
  const onStop = (): void => (stop.reason === ('lease-lost' satisfies StopReason) ? child.kill() : cancel());
  const limitPhase = (name: string): void => {
    clearTimeout(phaseTimer);
    const limitMs = phaseLimitsMs[name];
    if (limitMs === undefined) return;
    phaseTimer = setTimeout(() => {
      stuckIn = name;
      cancel();
    }, limitMs);
  };
  if (stop.aborted) onStop();
  else stop.addEventListener('abort', onStop, { once: true });
  limitPhase('starting');
  timers.push(
    setTimeout(() => {
      timedOut = true;
      cancel();
    }, timeoutMs),
  );
  return {
    timedOut: () => timedOut,
    stuckIn: () => stuckIn,
    /** Gives each phase that begins its own limit. */
    enter: (onPhase: (name: string) => void) => (name: string) => {
      limitPhase(name);
      onPhase(name);
    },
    clear: () => {
      stop.removeEventListener('abort', onStop);
      clearTimeout(phaseTimer);
      timers.forEach(clearTimeout);
    },
  };
}

/** Reads until the child closes its stdout; the last result or error is what counts. */
async function readMessages(child: OperationChild, { onPhase, onResource, log }: ChildRun): Promise<Ending | undefined> {
  let ending: Ending | undefined;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const message = parseMessage(line);
    switch (message?.type) {
      case 'phase':
        return onPhase(message.name);
      case 'resource': {
        const change = changes[message.op];
        const { resourceType, name: resourceName, status } = message;
        if (change !== undefined) onResource({ change, resourceType, resourceName, status });
        return;
      }
      case 'result':
      case 'error':
        ending = message;
        return;
      case undefined:
        // Not its text: what a library printed there may hold anything.
        log.debug({ length: line.length }, 'The operation wrote a line that is not of the protocol');
    }
  });
  await once(lines, 'close');
  return ending;
}

function parseMessage(line: string): OperationMessage | undefined {
  try {
    return operationMessageSchema.parse(JSON.parse(line, storableValue));
  } catch {
    return undefined;
  }
}

/** A JSON.parse() reviver: what the engine and the cluster say is stored with the operation. */
function storableValue(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? storable(value) : value;
}

/** Pulumi's steps that change something, as the owner sees them; a replacement is a creation and a deletion, not a third thing. */
const changes: Readonly<Record<string, ResourceChange>> = {
  create: 'created',
  'create-replacement': 'created',
  import: 'created',
  update: 'updated',
  delete: 'deleted',
  'delete-replaced': 'deleted',
};
