import type { Application, ControlClient } from './control-client.ts';
import { waitFor } from './wait-for.ts';

/** Generous: one provisioning attempt may be repeated three times with backoff. */
const timeoutMs = 300_000;

/**
 * Waits until an application is active, telling each phase as it comes.
 *
 * @throws Error with the platform's own reason when it failed
 */
export async function waitUntilActive(client: ControlClient, applicationId: string, say: (line: string) => void): Promise<Application> {
  return waitFor(
    `application ${applicationId} active`,
    async () => {
      const application = await client.application(applicationId);
      if (application.status === 'active') return application;
      if (application.status === 'failed')
        throw new Error(`application ${applicationId} failed: ${application.failure?.code} ${application.failure?.message}`);
      const [operation] = await client.operations(applicationId);
      say(operation === undefined ? application.status : `${application.status}: ${operation.phase}`);
      return undefined;
    },
    { timeoutMs },
  );
}

/** Waits until a deleted application is gone. */
export async function waitUntilDeleted(client: ControlClient, applicationId: string): Promise<void> {
  await waitFor(
    `application ${applicationId} deleted`,
    async () => {
      const { status, failure } = await client.application(applicationId).catch((error: unknown) => {
        if (error instanceof Error && 'status' in error && error.status === 404) return { status: 'deleted', failure: null };
        throw error;
      });
      if (status === 'failed') throw new Error(`deletion failed: ${failure?.code} ${failure?.message}`);
      return status === 'deleted' ? true : undefined;
    },
    { timeoutMs },
  );
}
