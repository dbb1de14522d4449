import { ControlApiError } from './control-client.ts';
import type { Application, ControlClient, Operation } from './control-client.ts';
import { waitFor } from './wait-for.ts';

/** Generous: one provisioning attempt may be repeated three times with backoff. */
const timeoutMs = 300_000;
/** A control API that is restarted in between, or overloaded for a moment, does not end a wait. */
const maxFaultsInARow = 5;

/** Where an application may be waited for to come to rest. `deleting` is the grace period: taken down, and it can be restored. */
export type RestingStatus = 'active' | 'suspended' | 'deleting' | 'deleted';

/** From where each is reached without anybody asking for something else. */
const onTheWay: Readonly<Record<RestingStatus, readonly string[]>> = {
  active: ['provisioning', 'updating', 'restarting', 'active'],
  suspended: ['suspended'],
  deleting: ['deleting'],
  deleted: ['deleting', 'deleted'],
};

interface Observed {
  application: Application;
  /** The newest. */
  operation: Operation | undefined;
}

/**
 * Waits until an application has come to rest in a status, telling each phase as it comes. Some statuses say what was asked for from the first
 * moment, so the newest operation has to have ended too.
 *
 * @returns the application; undefined where it is deleted
 * @throws Error with the platform's own reason when it failed; at once where it is not on the way there
 */
export async function waitUntilAtRest(
  client: ControlClient,
  applicationId: string,
  { status, say = () => undefined }: { status: RestingStatus; say?: ((line: string) => void) | undefined },
): Promise<Application | undefined> {
  let faults = 0;
  const { application } = await waitFor(
    `application ${applicationId} ${status}`,
    async (): Promise<{ application: Application | undefined } | undefined> => {
      const observed = await observe(client, applicationId);
      if (observed instanceof Error) {
        faults += 1;
        if (faults > maxFaultsInARow) throw observed;
        return undefined;
      }
      faults = 0;
      if (observed === 'gone') {
        if (status === 'deleted') return { application: undefined };
        throw new Error(`application ${applicationId} is deleted`);
      }
      const { application: found, operation } = observed;
      if (!onTheWay[status].includes(found.status)) throw new Error(describeDeadEnd(observed, status));
      if (found.status === status && isOver(operation)) return { application: found };
      say(operation === undefined ? found.status : `${found.status}: ${operation.phase}`);
      return undefined;
    },
    { timeoutMs },
  );
  return application;
}

/**
 * Waits until an application is active, telling each phase as it comes.
 *
 * @throws Error with the platform's own reason when it failed
 */
export async function waitUntilActive(client: ControlClient, applicationId: string, say: (line: string) => void): Promise<Application> {
  return (await waitUntilAtRest(client, applicationId, { status: 'active', say })) as Application;
}

/** Waits until an application that is deleted for good is gone. @throws Error with the platform's own reason when it failed */
export async function waitUntilDeleted(client: ControlClient, applicationId: string): Promise<void> {
  await waitUntilAtRest(client, applicationId, { status: 'deleted' });
}

/** @returns an error where it may be answered when it is asked again; 'gone' where it is deleted: nothing is told of it then */
async function observe(client: ControlClient, applicationId: string): Promise<Observed | 'gone' | Error> {
  try {
    // In this order: an operation that has ended is known to be in the application's status, which is read after it.
    const [operation] = await client.operations(applicationId, { limit: 1 });
    const application = await client.application(applicationId);
    return application.status === 'deleted' ? 'gone' : { application, operation };
  } catch (error) {
    if (!(error instanceof ControlApiError)) return error instanceof Error ? error : new Error(String(error));
    if (error.status === 404) return 'gone';
    if (error.status >= 500 || error.status === 429) return error;
    throw error;
  }
}

function isOver(operation: Operation | undefined): boolean {
  return operation === undefined || (operation.status !== 'queued' && operation.status !== 'running');
}

function describeDeadEnd({ application: { id, status, failure }, operation }: Observed, wanted: RestingStatus): string {
  if (status !== 'failed') return `application ${id} is ${status}, and will not be ${wanted} by itself`;
  const remedy = operation?.error?.remedy ?? undefined;
  return `application ${id} failed: ${failure?.code} ${failure?.message}${remedy === undefined ? '' : `\n${remedy}`}`;
}
