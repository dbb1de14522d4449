import type { Redis } from 'ioredis';
import type { Executor } from '../../shared/db/tables.ts';
import type { Log } from '../../shared/log.ts';
import { planNames, plans } from '../../shared/plans.ts';
import type { Plan, WriteRate } from '../../shared/plans.ts';
import { findBestPlan } from '../stores/account-store.ts';
import { createRateLimit } from './rate-limit.ts';
import type { RateLimit } from './rate-limit.ts';

interface WriteLimitOptions {
  db: Executor;
  redis: Redis;
  log: Log;
  /** Of each plan. */
  rates?: Readonly<Record<Plan, WriteRate>>;
}

const includedRates = Object.fromEntries(planNames.map((plan) => [plan, plans[plan].writes])) as Record<Plan, WriteRate>;

/** Counts the writes of an account, all its sessions together, by the best plan among the workspaces that it is a member of. */
export function createWriteLimit({ db, redis, log, rates = includedRates }: WriteLimitOptions): RateLimit {
  // One counter for all plans: another plan is another limit, and no fresh start.
  const window = (name: string, windowSeconds: number, limitOf: (rate: WriteRate) => number) =>
    Object.fromEntries(
      planNames.map((plan) => [plan, createRateLimit({ redis, log, name, windowSeconds, limit: limitOf(rates[plan]) })]),
    ) as Record<Plan, RateLimit>;
  const inMinute = window('writes-minute', 60, ({ perMinute }) => perMinute);
  const inDay = window('writes-day', 86_400, ({ perDay }) => perDay);

  return {
    async count(accountId) {
      const plan = await findBestPlan(db, accountId);
      await inMinute[plan].count(accountId);
      await inDay[plan].count(accountId);
    },
  };
}
