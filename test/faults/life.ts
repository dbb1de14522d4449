import type { CreatedApplication } from '../../cli/control-client.ts';
import { tenantNames } from '../../tenant-program/names.ts';
import { inspectApplication } from './inspect-application.ts';
import type { ApplicationFacts } from './inspect-application.ts';
import { judgeApplication } from './judge-application.ts';
import type { Expectation } from './judge-application.ts';
import type { OperationName, PlannedFault } from './plan-lives.ts';
import { unrest } from './platform.ts';
import type { Platform } from './platform.ts';
import { aim } from './strike.ts';
import { until } from './until.ts';

/** From the kill until the desired state is reached and everything is as it should be. */
export const recoveryLimitMs = 240_000;
/** For an operation that nothing disturbs. */
const undisturbedLimitMs = 120_000;
/** For the platform's own parts to be well again before the next fault; not part of a recovery. */
const restLimitMs = 180_000;

export interface StepResult {
  operation: OperationName;
  fault: PlannedFault | undefined;
  /** False where the operation was over before the process could be killed: nothing was tried. */
  struck: boolean;
  /** From the kill, or the request where nothing was killed, until the application is in its desired state and answers so; null: not in time. */
  recoveryMs: number | null;
  /** What was not as it should be when the time was over. */
  problems: string[];
  /** How each attempt ended, for people. */
  attempts: string[];
}

/** One application, from its creation to its permanent deletion. */
export class Life {
  readonly #platform: Platform;
  readonly #requested: Expectation['requested'] = [];
  #application: CreatedApplication | undefined;
  #sessionTimeoutSeconds = 604_800;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  get applicationId(): string | undefined {
    return this.#application?.id;
  }

  /**
   * Asks for one operation, kills what the fault says in the middle of it, and waits, without any help, until all is well.
   *
   * @param objects what the application is to have in its namespace; undefined for the one that they are learned from
   */
  async step(operation: OperationName, fault: PlannedFault | undefined, objects: string[] | undefined): Promise<StepResult> {
    const strike = fault === undefined ? undefined : await aim(this.#platform, fault);
    await this.#request(operation);
    const startedAt = performance.now();
    const struckAt = await strike?.({ stack: tenantNames(this.#id()).stack, isOver: () => this.#isSettled() });
    const from = struckAt ?? startedAt;
    const deadline = from + (struckAt === undefined ? undisturbedLimitMs : recoveryLimitMs);
    const settledAt = await until(async () => ((await this.#isSettled()) ? performance.now() : undefined), { deadline, intervalMs: 200 });
    const { problems, attempts } = await this.#findProblems(deadline, objects);
    if (settledAt === undefined) problems.unshift('the desired state was not reached');
    return {
      ...{ operation, fault, struck: fault === undefined || struckAt !== undefined },
      recoveryMs: settledAt === undefined || problems.length > 0 ? null : Math.round(settledAt - from),
      ...{ problems, attempts },
    };
  }

  /** What it has in its namespace now. */
  async objects(): Promise<string[]> {
    return (await inspectApplication(this.#platform, this.#id())).objects;
  }

  async #request(operation: OperationName): Promise<void> {
    const { client } = this.#platform;
    switch (operation) {
      case 'provision': {
        // A workspace each: the free plan allows three applications, and one that could not be deleted must not stop the others.
        const { id } = await client.createWorkspace('Faults');
        const input = { name: 'Faults', slug: `faults-${Date.now().toString(36)}`, environment: 'development' };
        this.#application = await client.createApplication(id, input);
        this.#platform.made.add(this.#application.id);
        this.#requested.push('provision');
        return;
      }
      case 'update':
        this.#sessionTimeoutSeconds += 1;
        await client.updateApplication(this.#id(), { config: { sessionTimeoutSeconds: this.#sessionTimeoutSeconds } });
        this.#requested.push('update');
        return;
      case 'delete':
        await client.destroyApplication(this.#id());
        this.#requested.push('destroy');
    }
  }

  /** As its owner and its customers see it. */
  async #isSettled(): Promise<boolean> {
    const deleted = this.#requested.at(-1) === 'destroy';
    if ((await readStatus(this.#platform, this.#id())) !== (deleted ? 'deleted' : 'active')) return false;
    const response = await fetch(`${this.#platform.urls.customer}/v1/${this.#id()}/auth/session`, {
      headers: { authorization: `Bearer ${this.#application?.publicKey ?? ''}` },
      signal: AbortSignal.timeout(5_000),
    });
    await response.body?.cancel();
    // Without a session the instance itself answers 401; what is deleted, nobody knows.
    return response.status === (deleted ? 404 : 401);
  }

  async #findProblems(deadline: number, objects: string[] | undefined): Promise<{ problems: string[]; attempts: string[] }> {
    let problems = ['the platform could not be asked'];
    let attempts: string[] = [];
    await until(
      async () => {
        const facts = await inspectApplication(this.#platform, this.#id());
        attempts = describeAttempts(facts);
        problems = judgeApplication(facts, {
          appId: this.#id(),
          requested: this.#requested,
          sessionTimeoutSeconds: this.#sessionTimeoutSeconds,
          objects: objects ?? facts.objects,
        });
        return problems.length === 0 ? true : undefined;
      },
      {
        // Looked at once at least.
        deadline: Math.max(deadline, performance.now() + 20_000),
        intervalMs: 1_000,
        onError: (error) => (problems = [`the platform could not be asked: ${error instanceof Error ? error.message : String(error)}`]),
      },
    );
    return { problems, attempts };
  }

  #id(): string {
    if (this.#application === undefined) throw new Error('the application was never created');
    return this.#application.id;
  }
}

/** Waits until every part of the platform is well. @throws Error naming those that are not in time */
export async function waitForRest(platform: Platform): Promise<void> {
  let last: string[] = [];
  const well = await until(
    async () => {
      last = await unrest(platform);
      return last.length === 0 ? true : undefined;
    },
    { deadline: performance.now() + restLimitMs, intervalMs: 500, onError: (error) => (last = [String(error)]) },
  );
  if (well === undefined) throw new Error(`the platform is not well after ${restLimitMs / 1_000} s: ${last.join('; ')}`);
}

/** @returns 'deleted' too where the control API knows it no more */
export async function readStatus({ client }: Platform, id: string): Promise<string> {
  return client.application(id).then(
    ({ status }) => status,
    (error: unknown) => {
      if (error instanceof Error && 'status' in error && error.status === 404) return 'deleted';
      throw error;
    },
  );
}

function describeAttempts({ rows }: ApplicationFacts): string[] {
  const last = rows.jobs.at(-1)?.id;
  return rows.attempts
    .filter(({ job_id }) => job_id === last)
    .map(({ status, code, message }) => [status, code, message?.split('\n')[0]?.slice(0, 200)].filter(Boolean).join(' '));
}
