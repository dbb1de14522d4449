import type { CliContext } from '../context.ts';
import { ControlApiError } from '../control-client.ts';
import type { ControlClient } from '../control-client.ts';
import { ownerClient } from '../owner.ts';
import { platformNamespace, platformUrls } from '../platform/platform-urls.ts';
import { checkCluster } from '../platform/remembered-cluster.ts';
import { findKubectl } from '../platform/tools.ts';
import { printJson, printTable } from '../print.ts';
import { holds } from '../probe/check.ts';
import { createKubectl } from '../probe/cluster.ts';
import { probeTenant } from '../probe/probe-tenant.ts';

/**
 * `authsome tenant probe APP`: tries every promise of isolation on the running cluster and prints a table.
 *
 * @returns whether every promise that was tried is kept
 */
export async function probe(context: CliContext, appId: string): Promise<boolean> {
  await checkCluster(context);
  const kubectl = createKubectl({ program: await findKubectl(context), kubeconfig: context.kubeconfig });
  const urls = platformUrls(context);
  const { client } = await ownerClient(context, urls.control);
  const key = await temporaryKey(client, appId);
  try {
    const options = { kubectl, appId, systemNamespace: platformNamespace(context), customerUrl: urls.customer, publicKey: key?.key };
    const report = await probeTenant(options);
    if (context.json) printJson(report);
    else {
      const rows = report.checks.map((check) => [
        holds(check) ? 'ok' : 'BROKEN',
        check.from,
        check.what,
        check.outcome === check.expected ? check.outcome : `${check.outcome}, must be ${check.expected}`,
        check.detail,
      ]);
      const untried = report.untried.map(({ from, what, reason }) => ['not tried', from, what, '', reason]);
      printTable(['', 'FROM', 'WHAT', 'OUTCOME', 'DETAIL'], [...rows, ...untried]);
    }
    return report.checks.every(holds);
  } finally {
    if (key !== undefined) await client.revokeKey(key.id);
  }
}

/** For the time of the probe; none where the application is somebody else's. */
async function temporaryKey(client: ControlClient, appId: string): Promise<{ id: string; key: string } | undefined> {
  try {
    return await client.createKey(appId, { name: 'Isolation probe', type: 'public' });
  } catch (error) {
    if (error instanceof ControlApiError && error.status === 404) return undefined;
    throw error;
  }
}
