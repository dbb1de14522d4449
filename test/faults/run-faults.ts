import { cleanUp } from './clean-up.ts';
import { Life, waitForRest } from './life.ts';
import type { StepResult } from './life.ts';
import { operationNames } from './plan-lives.ts';
import type { PlannedLife } from './plan-lives.ts';
import { openSuite } from './suite.ts';

/** One operation of a life. */
export interface FaultResult extends StepResult {
  life: number;
}

export interface RunOptions {
  lives: readonly PlannedLife[];
  /** Called after each step, those without a fault too. */
  onStep: (result: FaultResult) => void;
  /** Aborted: no further operation begins, and what was made is removed. */
  stop: AbortSignal;
}

/** Lives the planned lives, one after the other, and removes whatever they left. A life ends with the first operation that is not recovered. */
export async function runFaults({ lives, onStep, stop }: RunOptions): Promise<FaultResult[]> {
  const suite = await openSuite();
  const results: FaultResult[] = [];
  try {
    for (const { number, faults } of lives) {
      const life = new Life(suite.platform);
      for (const operation of operationNames) {
        if (stop.aborted) return results;
        const result = { life: number, ...(await life.step(operation, faults[operation], suite.objects)) };
        onStep(result);
        results.push(result);
        await waitForRest(suite.platform);
        if (result.recoveryMs === null) break;
      }
    }
    return results;
  } finally {
    await cleanUp(suite.platform);
  }
}
