import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { platformContainer } from '../../cli/platform/platform-container.ts';
import { strayMarker } from '../../stacks/kill-strays.ts';
import { readClusterStatus } from '../../toolchain/cluster/cluster-status.ts';
import { identify, isAlive, processesWithEnv } from '../../toolchain/cluster/process-table.ts';
import type { ProcessIdentity } from '../../toolchain/cluster/process-table.ts';
import { clusterMarker } from '../../toolchain/cluster/settings.ts';
import { processesOfContainer } from './host-processes.ts';
import type { ContainerProcess } from './host-processes.ts';
import type { FaultName, PlannedFault } from './plan-lives.ts';
import type { Platform } from './platform.ts';
import { until } from './until.ts';

/** Finds the process to be killed, if it is there now. */
type FindVictim = (stack: string) => Promise<ProcessIdentity | undefined>;

/** For an operation to come to the process that is to be killed: it may have to wait for its turn, on a machine that is busy. */
const appearanceMs = 90_000;
const lookMs = 20;
/** Looks for the process between two questions whether the operation is over. */
const looksBetweenQuestions = 25;

export interface Target {
  stack: string;
  /** Whether the operation is over, and its processes come no more. */
  isOver: () => Promise<boolean>;
}

/**
 * Aims a fault before the request is made, as its victim may be hard to find later.
 *
 * @returns what kills: it resolves with performance.now() at the kill, or undefined where the operation was over before
 */
export async function aim(platform: Platform, { fault, delayMs }: PlannedFault): Promise<(target: Target) => Promise<number | undefined>> {
  const find = await victimOf(platform, fault);
  return async ({ stack, isOver }) => {
    await delay(delayMs);
    let looks = 0;
    const struck = await until(
      async () => {
        const victim = await find(stack);
        // By now the id may be somebody else's.
        if (victim !== undefined && (await isAlive(victim))) {
          process.kill(victim.pid, 'SIGKILL');
          return { at: performance.now() };
        }
        looks += 1;
        return looks % looksBetweenQuestions === 0 && (await isOver()) ? { at: undefined } : undefined;
      },
      { deadline: performance.now() + appearanceMs, intervalMs: lookMs },
    );
    return struck?.at;
  };
}

async function victimOf(platform: Platform, fault: FaultName): Promise<FindVictim> {
  switch (fault) {
    case 'child':
    case 'pulumi':
    case 'plugin': {
      const container = await platformContainer(platform, 'provisioner');
      return async (stack) => processOfOperation(fault, await processesOfContainer(container), stack);
    }
    case 'worker':
      return mainProcess(await platformContainer(platform, 'provisioner'));
    case 'postgres':
    case 'tenants-postgres':
    case 'nats':
    case 'redis':
      return mainProcess(await platformContainer(platform, fault));
    case 'kube-apiserver':
      return () => clusterComponent(platform, fault);
  }
}

/**
 * The engine and its plugins have the stack's name in their environment; the child is the leader of their session. A look for drift at the
 * same stack, which may go on meanwhile, is another session, whose engine only previews.
 */
export function processOfOperation(
  fault: 'child' | 'pulumi' | 'plugin',
  processes: readonly ContainerProcess[],
  stack: string,
): ContainerProcess | undefined {
  const own = processes.filter(({ env }) => env[strayMarker] === stack);
  const engines = own.filter(({ args }) => basename(args[0] ?? '') === 'pulumi');
  const looking = engines.filter(({ args }) => args.includes('preview')).map(({ session }) => session);
  const engine = engines.find(({ session }) => !looking.includes(session));
  switch (fault) {
    case 'pulumi':
      return engine;
    case 'plugin':
      return own.find(({ args, session }) => basename(args[0] ?? '') === 'pulumi-resource-kubernetes' && session === engine?.session);
    case 'child':
      return processes.find(({ pid }) => pid === engine?.session);
  }
}

function mainProcess(container: string): FindVictim {
  return async () => (await processesOfContainer(container)).find(({ main }) => main);
}

async function clusterComponent({ cluster }: Platform, name: string): Promise<ProcessIdentity | undefined> {
  const pid = (await readClusterStatus(cluster))?.components.find((component) => component.name === name)?.pid;
  const identity = pid == null ? undefined : await identify(pid);
  // The supervisor's word may be a second old: only a process that says itself that it is this cluster's is killed.
  return (await processesWithEnv(clusterMarker, cluster.dir)).find(
    (own) => own.pid === identity?.pid && own.startTicks === identity.startTicks,
  );
}
