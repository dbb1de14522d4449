import { z } from 'zod';
import { tenantNames } from '../../tenant-program/names.ts';
import { checkAdmission } from './admission.ts';
import type { Check, ProbeReport, Untried } from './check.ts';
import type { Kubectl } from './cluster.ts';
import { runNode } from './cluster.ts';
import { checkDatabases } from './databases.ts';
import { checkProvisioner } from './provisioner.ts';
import { connectScript, readReachability } from './reachability.ts';
import { metadataTarget, partsOf, targetsOfInstance, targetsOfProxy, withReadyEndpoints } from './targets.ts';
import { checkForgedHeaders, checkToken } from './trust.ts';
import type { TargetsOf } from './targets.ts';
import { visitAsPlainPod } from './visitor.ts';

export interface ProbeOptions {
  kubectl: Kubectl;
  appId: string;
  systemNamespace: string;
  /** Base URL of the customer API, without /v1. */
  customerUrl: string;
  /** A public key of the application; without one the forged headers are not tried. */
  publicKey: string | undefined;
  /** Another tenant whose database is on the shared server; found among those that run, where it is not given. */
  otherAppId?: string;
}

const workloadsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string(), labels: z.record(z.string(), z.string()) }),
      status: z.object({ readyReplicas: z.int().optional() }),
    }),
  ),
});
type Workload = z.output<typeof workloadsSchema>['items'][number];

const deploymentSchema = z.object({
  spec: z.object({ template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })).min(1) }) }) }),
});
const secretSchema = z.object({ data: z.object({ DATABASE_URL: z.string() }).loose() });

/**
 * Tries, on the running cluster, every promise of isolation that a tenant has: from inside its own instance, from a plain pod elsewhere, as
 * its database role, before admission, and against the instance's token. Leaves nothing behind.
 *
 * @throws Error where a check could not be carried out, or went wrong in a way that says neither yes nor no
 */
export async function probeTenant(options: ProbeOptions): Promise<ProbeReport> {
  const { kubectl, appId, systemNamespace } = options;
  const otherAppId = options.otherAppId ?? (await findOtherTenant(kubectl, appId));
  const whole: TargetsOf = { appId, otherAppId, systemNamespace };
  const found = await Promise.all([
    fromInstance(kubectl, whole),
    fromPlainPod(kubectl, appId),
    asRole(kubectl, whole),
    checkAdmission(kubectl, tenantNames(appId).namespace).then(only),
    checkProvisioner(kubectl, whole).then(only),
    fromProxy(kubectl, systemNamespace),
    checkToken(kubectl, whole).then(only),
    asCustomer(options),
  ]);
  const untried = found.flatMap((part) => part.untried);
  if (otherAppId === undefined)
    untried.push({ from: 'the instance', what: "another tenant's instance, Redis and database", reason: 'there is no other tenant' });
  return { checks: found.flatMap(({ checks }) => checks), untried };
}

async function fromInstance(kubectl: Kubectl, whole: TargetsOf): Promise<ProbeReport> {
  const from = 'the instance';
  const { targets, untried } = await withReadyEndpoints(kubectl, from, targetsOfInstance(whole));
  targets.push(metadataTarget());
  const pod = { namespace: tenantNames(whole.appId).namespace, name: 'deployment/instance', container: 'instance' };
  const printed = await runNode(kubectl, pod, { script: connectScript, argument: targets });
  return { checks: readReachability(from, targets, printed), untried };
}

/** A proxy that was taken over gets no further than its own work leads. */
async function fromProxy(kubectl: Kubectl, systemNamespace: string): Promise<ProbeReport> {
  const from = "the proxy's pod";
  const { targets, untried } = await withReadyEndpoints(kubectl, from, targetsOfProxy(systemNamespace));
  const pod = { namespace: systemNamespace, name: 'deployment/proxy', container: 'proxy' };
  const printed = await runNode(kubectl, pod, { script: connectScript, argument: targets });
  return { checks: readReachability(from, targets, printed), untried };
}

async function fromPlainPod(kubectl: Kubectl, appId: string): Promise<ProbeReport> {
  const from = 'a pod elsewhere';
  const { targets, untried } = await withReadyEndpoints(kubectl, from, partsOf(appId, 'the tenant'));
  const { namespace } = tenantNames(appId);
  const deployment = deploymentSchema.parse(await read(kubectl, ['deployment', 'instance', '--namespace', namespace]));
  const printed = await visitAsPlainPod(kubectl, deployment.spec.template.spec.containers[0]?.image ?? '', targets);
  return { checks: readReachability(from, targets, printed), untried };
}

async function asRole(kubectl: Kubectl, whole: TargetsOf): Promise<ProbeReport> {
  const { namespace } = tenantNames(whole.appId);
  const secret = secretSchema.parse(await read(kubectl, ['secret', 'instance', '--namespace', namespace]));
  const databaseUrl = Buffer.from(secret.data.DATABASE_URL, 'base64').toString('utf8');
  // A dedicated server holds no other tenant's database.
  if (new URL(databaseUrl).hostname.startsWith('postgres.authsome-app-')) return { checks: [], untried: [] };
  return checkDatabases(kubectl, { ...whole, databaseUrl });
}

async function asCustomer({ appId, customerUrl, publicKey }: ProbeOptions): Promise<ProbeReport> {
  if (publicKey !== undefined) return only(await checkForgedHeaders({ appId, customerUrl, publicKey }));
  const untried: Untried[] = [{ from: 'a customer', what: 'forged internal headers', reason: 'no public key of the application is known' }];
  return { checks: [], untried };
}

/** One that serves, and that has no server of its own: whose database is on the shared server, to be tried as well. */
async function findOtherTenant(kubectl: Kubectl, appId: string): Promise<string | undefined> {
  const inTenants = ['--all-namespaces', '--selector', 'authsome.cloud/app-id'];
  const { items } = workloadsSchema.parse(await read(kubectl, ['deployments,statefulsets', ...inTenants]));
  const named = (name: string): Workload[] => items.filter(({ metadata }) => metadata.name === name);
  const dedicated = new Set(named('postgres').map(({ metadata }) => metadata.namespace));
  return named('instance')
    .filter(({ metadata, status }) => (status.readyReplicas ?? 0) > 0 && !dedicated.has(metadata.namespace))
    .map(({ metadata }) => metadata.labels['authsome.cloud/app-id'])
    .find((id) => id !== undefined && id !== appId);
}

async function read(kubectl: Kubectl, what: readonly string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await kubectl(['get', ...what, '--output', 'json']);
  if (exitCode !== 0) throw new Error(stderr.trim());
  return JSON.parse(stdout);
}

function only(checks: Check[]): ProbeReport {
  return { checks, untried: [] };
}
