import type { CliContext } from '../context.ts';
import { runMeasurement } from './run-measurement.ts';

/** Four rounds of some 30 s, and starting the servers. */
const timeoutMs = 300_000;

/**
 * Sign-ups, sign-ins and session reads per second of the instance, and its memory, next to bare better-auth on the same PostgreSQL and
 * Redis in the same run. It needs no platform: it starts its servers as the integration tests do.
 */
export function benchInstance(context: CliContext): Promise<object> {
  return runMeasurement(context, { script: 'test/bench/instance/measure.ts', timeoutMs });
}
