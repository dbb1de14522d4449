import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { writeAtomically } from '../write-atomically.ts';
import { addonStage, applyAddons } from './addons.ts';
import { cleanNode } from './clean-node.ts';
import type { ClusterStatus, ComponentStatus } from './cluster-status.ts';
import { clusterComponents } from './components.ts';
import type { Component } from './components.ts';
import { isHostNetworkIntact, setUpHostNetwork } from './host-network.ts';
import { identify } from './process-table.ts';
import { isReady } from './readiness.ts';
import { clusterMarker, clusterPaths } from './settings.ts';
import { stopContainers } from './stop-containers.ts';

/** What `start-cluster.ts` hands to the supervisor, in a file named by the only argument. */
export const supervisorRequestSchema = z.object({
  clusterDir: z.string(),
  volumesDir: z.string(),
  version: z.string(),
  /** Path of each program by its name. */
  programs: z.record(z.string(), z.string()),
  ctr: z.string(),
  kubectl: z.string(),
});

/** A component that is not ready this long after its start fails the start of the cluster. */
const startTimeoutMs = 90_000;
/** Much longer than a start of kube-proxy on a busy machine, which a second repair would only begin anew. */
const networkCheckSeconds = 30;
const restartDelaysMs = [200, 1_000, 5_000, 15_000];
/** A component that ran this long is considered well: its next restart is quick again. */
const wellAfterMs = 60_000;

/**
 * Runs the processes of the local cluster: starts them in order, starts each again when it ends, and on SIGTERM stops pods and
 * processes in reverse order and cleans the node.
 */
async function main(requestFile: string): Promise<void> {
  const request = supervisorRequestSchema.parse(JSON.parse(await readFile(requestFile, 'utf8')));
  const paths = clusterPaths(request);
  await mkdir(paths.logs, { recursive: true });
  await writeAtomically(paths.supervisorPid, JSON.stringify(await identify(process.pid)));

  const components = clusterComponents(paths, (program) => request.programs[program] ?? program);
  const runners = components.map((component) => new ComponentRunner(component, paths.logs, { [clusterMarker]: paths.dir }));
  const status: ClusterStatus = { phase: 'starting', version: request.version, message: null, components: [] };
  let writing = Promise.resolve();
  const publish = (change: Partial<ClusterStatus> = {}): Promise<void> => {
    Object.assign(status, change, { components: runners.map((runner) => runner.status()) });
    writing = writing.then(() => writeAtomically(paths.status, JSON.stringify(status)));
    return writing;
  };

  let stopping: Promise<void> | undefined;
  const stop = (phase: 'stopping' | 'failed', message: string | null): Promise<void> =>
    (stopping ??= (async () => {
      await publish({ phase, message });
      const named = (name: string): ComponentRunner[] => runners.filter((runner) => runner.component.name === name);
      // No new pods first, then the pods themselves while containerd can still signal them, then the rest, the data last.
      await stopAll(named('kubelet'));
      await stopContainers({ ctr: request.ctr, socket: paths.containerdSocket });
      await stopAll(runners.filter((runner) => !['containerd', 'etcd', 'kube-apiserver'].includes(runner.component.name)));
      await stopAll([...named('kube-apiserver'), ...named('containerd')]);
      await stopAll(named('etcd'));
      await writing;
      if (phase === 'failed') return;
      await cleanNode(paths);
    })());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop('stopping', null).then(() => process.exit(0)));

  await publish();
  for (const stage of [...new Set(components.map((component) => component.stage))].sort((a, b) => a - b)) {
    const starting = runners.filter((runner) => runner.component.stage === stage);
    if (stage === addonStage) await applyAddons({ kubectl: request.kubectl, kubeconfig: paths.adminKubeconfig });
    for (const runner of starting) void runner.run();
    const failures = (await Promise.all(starting.map((runner) => runner.whenReady(startTimeoutMs)))).filter(
      (failure) => failure !== undefined,
    );
    if (stopping !== undefined) return;
    if (failures.length > 0) {
      await stop('failed', failures.join('; '));
      process.exit(1);
    }
    await publish();
  }
  await publish({ phase: 'running' });
  for (let round = 1; stopping === undefined; round += 1) {
    await delay(1_000);
    if (round % networkCheckSeconds === 0 && !(await isHostNetworkIntact().catch(() => true))) {
      // Somebody flushed the host's rules. kube-proxy does not make its table anew by itself.
      console.log(JSON.stringify({ time: new Date().toISOString(), message: 'host network rules are gone: making them anew' }));
      await setUpHostNetwork(paths).catch((error: unknown) => console.error(error));
      runners.find((runner) => runner.component.name === 'kube-proxy')?.restart();
    }
    await Promise.all(runners.map((runner) => runner.probe()));
    if (stopping === undefined) await publish();
  }
}

/** Keeps one component running. */
class ComponentRunner {
  readonly component: Component;
  readonly #logs: string;
  readonly #env: Record<string, string>;
  #child: ChildProcess | undefined;
  #ready = false;
  #restarts = 0;
  #reason: string | null = null;
  #stopping = false;

  constructor(component: Component, logs: string, env: Record<string, string>) {
    this.component = component;
    this.#logs = logs;
    this.#env = env;
  }

  status(): ComponentStatus {
    return { name: this.component.name, pid: this.#child?.pid ?? null, ready: this.#ready, restarts: this.#restarts, reason: this.#reason };
  }

  async run(): Promise<void> {
    let quickFailures = 0;
    while (!this.#stopping) {
      const startedAt = Date.now();
      this.#reason = await this.#runOnce();
      this.#child = undefined;
      this.#ready = false;
      if (this.#stopping) return;
      quickFailures = Date.now() - startedAt > wellAfterMs ? 0 : quickFailures + 1;
      this.#restarts += 1;
      console.log(
        JSON.stringify({ time: new Date().toISOString(), component: this.component.name, reason: this.#reason, restarts: this.#restarts }),
      );
      await delay(restartDelaysMs[Math.min(quickFailures, restartDelaysMs.length) - 1] ?? restartDelaysMs[0]);
    }
  }

  async probe(): Promise<boolean> {
    return (this.#ready = this.#child !== undefined && (await isReady(this.component.readiness)));
  }

  /** @returns why it did not become ready in time, or undefined when it did */
  async whenReady(timeoutMs: number): Promise<string | undefined> {
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline && !this.#stopping) {
      if (await this.probe()) return undefined;
      // Bad flags or a taken port: three quick ends in a row will not mend themselves.
      if (this.#restarts >= 3) break;
      await delay(50);
    }
    return `${this.component.name} is not ready: ${this.#reason ?? 'it runs and does not answer'} (see ${this.#logFile()})`;
  }

  /** Ends the process; `run` starts it again. */
  restart(): void {
    this.#child?.kill('SIGTERM');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), this.component.stopMs);
    await ended;
    clearTimeout(late);
  }

  async #runOnce(): Promise<string> {
    const log = await open(this.#logFile(), 'a', 0o600);
    try {
      return await new Promise((resolve) => {
        // A session of its own: a signal to the terminal that started the cluster does not reach it.
        const child = spawn(this.component.command, this.component.args, {
          stdio: ['ignore', log.fd, log.fd],
          detached: true,
          env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...this.#env },
        });
        this.#child = child;
        child.once('error', (error) => resolve(error.message));
        child.once('exit', (code, signal) => resolve(signal === null ? `ended with exit code ${code}` : `ended by ${signal}`));
      });
    } finally {
      await log.close();
    }
  }

  #logFile(): string {
    return join(this.#logs, `${this.component.name}.log`);
  }
}

async function stopAll(runners: readonly ComponentRunner[]): Promise<void> {
  await Promise.all(runners.map((runner) => runner.stop()));
}

if (import.meta.main) {
  await main(process.argv[2] ?? '').catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
