import { strikeCommand } from './command-life.ts';
import type { CommandResult } from './command-life.ts';
import { planStrikes } from './plan-strikes.ts';

export interface StrikesRequest {
  seed: number;
  runs: number;
  /** Only the one of this number. */
  life?: number | undefined;
  say: (line: string) => void;
  /** Aborted: no further command is struck. */
  stop: AbortSignal;
}

/** Strikes every command in every way, one after the other. */
export async function runStrikes({ life, say, stop, ...plan }: StrikesRequest): Promise<CommandResult[]> {
  const planned = planStrikes(plan).filter(({ number }) => life === undefined || number === life);
  say(`seed ${plan.seed}: ${planned.length} strikes at commands`);
  const results: CommandResult[] = [];
  for (const strike of planned) {
    if (stop.aborted) break;
    const result = await strikeCommand(strike);
    say(describeStrike(result));
    results.push(result);
  }
  return results;
}

function describeStrike({ planned, struck, leftOut, problems, recoveryMs }: CommandResult): string {
  const { number, victim, strike, delayMs } = planned;
  const missed = struck || leftOut !== undefined ? '' : ' (missed: it was over)';
  const outcome = leftOut ?? (problems.length > 0 ? `NOT RECOVERED: ${problems.join('; ')}` : `${(recoveryMs / 1_000).toFixed(1)} s`);
  return `strike ${number}, ${strike} ${delayMs} ms into ${victim}${missed}: ${outcome}`;
}
