import { tenantNames } from '../../tenant-program/names.ts';
import { objectName } from './inspect-application.ts';
import type { ApplicationFacts } from './inspect-application.ts';

export interface Expectation {
  appId: string;
  /** What was asked for since the application was made, oldest first; each is one job and one generation. */
  requested: ('provision' | 'update' | 'destroy')[];
  sessionTimeoutSeconds: number;
  /** What an application that nothing disturbed has in its namespace. */
  objects: string[];
}

/** What is wrong with an application after its operations, in words; nothing where everything is as it was asked for, once. */
export function judgeApplication(facts: ApplicationFacts, expected: Expectation): string[] {
  const state = expected.requested.at(-1) === 'destroy' ? judgeDeleted(facts, expected) : judgeActive(facts, expected);
  return [...judgeJobs(facts, expected), ...judgeStack(facts), ...judgeProcesses(facts), ...state];
}

/** One job for each thing that was asked for, each done, and done once. */
function judgeJobs({ rows }: ApplicationFacts, { requested }: Expectation): string[] {
  const wanted = requested.map((kind, index) => `${kind} of generation ${index + 1}: succeeded`);
  const found = rows.jobs.map(({ kind, generation, status }) => `${kind} of generation ${generation}: ${status}`);
  const open = rows.attempts.filter(({ status }) => status === 'running');
  const twice = rows.jobs.filter(
    ({ id }) => rows.attempts.filter(({ job_id, status }) => job_id === id && status === 'succeeded').length !== 1,
  );
  const provisioned = rows.events.filter((type) => type === 'application.provisioned').length;
  return [
    ...differences('jobs', wanted, found),
    ...(open.length > 0 ? [`${open.length} attempts are still running`] : []),
    ...twice.map(({ kind }) => `the ${kind} was not carried out exactly once`),
    ...(provisioned === 1 ? [] : [`application.provisioned was recorded ${provisioned} times`]),
    ...(rows.events.includes('application.failed') ? ['application.failed was recorded'] : []),
  ];
}

function judgeStack({ stack }: ApplicationFacts): string[] {
  const urns = stack.resources.map(({ urn }) => urn);
  return [
    ...stack.locks.map((key) => `a lock is left: ${key}`),
    ...(stack.pending_operations > 0 ? [`${stack.pending_operations} operations are pending in the checkpoint`] : []),
    ...(new Set(urns).size === urns.length ? [] : ['the checkpoint names a resource twice']),
    ...(stack.resources.some((resource) => resource.delete === true) ? ['the checkpoint has a resource that waits for its deletion'] : []),
  ];
}

function judgeProcesses({ strays, children }: ApplicationFacts): string[] {
  return [
    ...strays.map((args) => `a process still works on the stack: ${args}`),
    ...(children > 1 ? [`${children} processes of operations run, where one is kept ready`] : []),
  ];
}

function judgeActive(facts: ApplicationFacts, expected: Expectation): string[] {
  const { namespace, database, role, stack } = tenantNames(expected.appId);
  const { application } = facts.rows;
  const generation = expected.requested.length;
  const state = { status: 'active', desired: 'present', serving: true, generation, observed_generation: generation };
  const managed = facts.stack.resources.flatMap(({ type, id }) => objectOf(type, id, stack));
  return [
    ...Object.entries(state)
      .filter(([name, value]) => application?.[name as keyof typeof state] !== value)
      .map(([name, value]) => `the row's ${name} is ${String(application?.[name as keyof typeof state])}, not ${String(value)}`),
    ...differences('namespaces', [namespace], facts.namespaces),
    ...differences('databases', [database], facts.databases),
    ...differences('roles', [role], facts.roles),
    ...differences('objects in the namespace', expected.objects, facts.objects),
    ...differences('objects in the checkpoint', facts.objects, managed),
    ...differences(
      'pods',
      ['instance', 'redis'],
      facts.pods.filter(({ ready, ending }) => ready && !ending).map(({ workload }) => workload),
    ),
    ...facts.pods.filter(({ ending, ready }) => ending || !ready).map(({ workload }) => `a pod of ${workload} is ending or not ready`),
    ...(facts.sessionTimeoutSeconds === expected.sessionTimeoutSeconds
      ? []
      : [`the instance's session timeout is ${facts.sessionTimeoutSeconds}, not ${expected.sessionTimeoutSeconds}`]),
    ...(facts.route?.status === 'active' ? [] : [`the route says ${facts.route?.status ?? 'nothing'}`]),
    ...(facts.route === null || facts.route.revision === application?.revision ? [] : ['the route is not of the newest revision']),
  ];
}

function judgeDeleted({ rows, stack, ...facts }: ApplicationFacts, _expected: Expectation): string[] {
  const deletions = rows.events.filter((type) => type === 'application.deleted').length;
  return [
    ...(rows.application?.status === 'deleted' ? [] : [`the row's status is ${rows.application?.status ?? 'gone'}`]),
    ...(rows.deletion_records === 1 ? [] : [`${rows.deletion_records} deletion records`]),
    ...(deletions === 1 ? [] : [`application.deleted was recorded ${deletions} times`]),
    ...stack.keys.map((key) => `the state database still holds ${key}`),
    ...[...facts.namespaces, ...facts.objects, ...facts.databases, ...facts.roles].map((name) => `${name} is left`),
    ...(facts.route === null ? [] : ['the route is left']),
  ];
}

/** `kubernetes:apps/v1:Deployment` with id `namespace/name` → `Deployment/name`; the namespace itself is not in it. */
function objectOf(type: string, id: string | null, stack: string): string[] {
  const [provider, , kind] = type.split(':');
  if (provider !== 'kubernetes' || kind === undefined || !id?.includes('/')) return [];
  return [objectName(kind, id.slice(id.indexOf('/') + 1), stack)];
}

/** Both ways, and what is there more than once too. */
function differences(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  const count = (list: readonly string[], item: string): number => list.filter((other) => other === item).length;
  return [...new Set([...wanted, ...found])]
    .filter((item) => count(wanted, item) !== count(found, item))
    .map((item) => `${what}: ${item} is there ${count(found, item)} times, not ${count(wanted, item)}`);
}
