import type { PlannedStrike } from './plan-strikes.ts';
import type { VictimEnd } from './run-victim.ts';

/** What is there once a command was struck, run again, and followed by an `up`. */
export interface CommandFacts {
  struck: VictimEnd;
  /** The same command again. */
  again: VictimEnd;
  /** The last `up`: what it had to change. Undefined where it failed. */
  changed: string[] | undefined;
  lastUp: VictimEnd;
  /** Parts that `status` calls unhealthy; undefined where it did not answer. */
  unhealthy: string[] | undefined;
  traces: Traces;
}

/** What no command may leave. */
export interface Traces {
  /** Process ids of engines, plugins and programs. */
  strays: number[];
  /** The engine's locks. */
  locks: string[];
  /** Operations without an end, in the stack's state. */
  pending: number;
  /** Markers of commands under way, in the state folder. */
  leftovers: string[];
}

/** @returns what is not as it should be, in words; nothing where the command was recovered */
export function judgeCommand({ strike, victim }: PlannedStrike, facts: CommandFacts): string[] {
  const { struck, again, changed, lastUp, unhealthy, traces } = facts;
  return [
    ...(struck.struck && !isExpected(strike, struck) ? [`${victim} ended with ${describe(struck)} after ${strike}`] : []),
    ...(again.exitCode === 0 ? [] : [`${victim} again: ${describe(again)}`]),
    ...(lastUp.exitCode === 0 ? [] : [`the last up: ${describe(lastUp)}`]),
    ...(changed === undefined || changed.length === 0 ? [] : [`the last up still had to change ${changed.join(', ')}`]),
    ...(unhealthy === undefined ? ['status does not answer'] : unhealthy.map((part) => `${part} is not healthy`)),
    ...traces.strays.map((pid) => `process ${pid} is left running`),
    ...traces.locks.map((lock) => `a lock is left: ${lock}`),
    ...(traces.pending === 0 ? [] : [`${traces.pending} operations have no end`]),
    ...traces.leftovers.map((file) => `${file} is left`),
  ];
}

/** A signal may come in the moment in which the command ends by itself. */
function isExpected(strike: PlannedStrike['strike'], { exitCode, signal }: VictimEnd): boolean {
  switch (strike) {
    case 'kill':
    case 'kill-all':
      return signal === 'SIGKILL';
    case 'interrupt':
    case 'interrupt-twice':
      return exitCode === 130 || exitCode === 0;
    case 'close-output':
      return exitCode === 0;
  }
}

function describe({ exitCode, signal, output }: VictimEnd): string {
  return `${signal ?? `exit code ${exitCode}`}${output === '' ? '' : `: ${output.trim().split('\n').slice(-6).join(' | ')}`}`;
}
