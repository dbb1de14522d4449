import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineEvent, PulumiCommand, Stack } from '@pulumi/pulumi/automation/index.js';
import { LocalWorkspace, StackAlreadyExistsError, StackNotFoundError, Stack as StackClass } from '@pulumi/pulumi/automation/index.js';
import { tenantProgram } from '../tenant-program/index.ts';
import { tenantNames } from '../tenant-program/names.ts';
import type { TenantOutputs, TenantSpec } from '../tenant-program/spec.ts';
import { captureOutputs } from './capture-outputs.ts';
import type { EngineSettings } from './engine-environment.ts';
import { engineEnvironment } from './engine-environment.ts';
import { ignoreProtection } from './ignore-protection.ts';
import { killStrays, strayMarker } from './kill-strays.ts';
import { removeStack } from './remove-stack.ts';
import { tenantProject } from './tenant-project.ts';
import { createEventReader } from './engine-events.ts';
import type { ChangeCounts, DriftChange, OperationPhase, OperationProgress } from './operation-protocol.ts';
import { createDriftReader, madeBehindItsBack } from './read-drift.ts';

export interface StackOperation extends EngineSettings {
  spec: TenantSpec;
  /** Found once a process: finding it runs the CLI. */
  pulumiCommand: PulumiCommand;
  /** Breaks the lock of a holder that has been proven dead, and clears what it left unfinished, before anything else. */
  takeover: boolean;
  onProgress: (progress: OperationProgress) => void;
  /** Called with each error that the engine reports while it runs. */
  onDiagnostic: (message: string) => void;
  /** Aborted to stop: the engine finishes the steps that are under way, writes the state and gives up. */
  signal: AbortSignal;
}

/** Brings one tenant's stack to its spec. Makes the stack where there is none; changes nothing where nothing differs. */
export async function runUp(operation: StackOperation): Promise<{ outputs: TenantOutputs; counts: ChangeCounts }> {
  const { program, outputs } = captureOutputs(tenantProgram(operation.spec));
  return withStack(operation, program, async (stack, enterPhase) => {
    const events = createEventReader(operation);
    if (operation.takeover) {
      await takeOver(stack, operation, enterPhase);
    } else {
      enterPhase('opening');
      await ensureStack(stack);
    }
    enterPhase('applying');
    try {
      await up(stack, operation, events.onEvent);
    } catch (error) {
      if (!(operation.takeover && error instanceof StackNotFoundError)) throw error;
      await ensureStack(stack);
      await up(stack, operation, events.onEvent);
    }
    return { outputs: outputs(), counts: events.counts() };
  });
}

/** Destroys one tenant's stack and everything it made, then its state and history. Succeeds where there is none. */
export async function runDestroy(operation: StackOperation): Promise<{ counts: ChangeCounts }> {
  // Runs the program too: the state knows the database administrator's password only as it was at the last `up`.
  return withStack(operation, tenantProgram(operation.spec), async (stack, enterPhase) => {
    const events = createEventReader(operation);
    try {
      if (operation.takeover) await takeOver(stack, operation, enterPhase);
      enterPhase('destroying');
      await stack.destroy({ ...engineOptions(operation, events.onEvent), runProgram: true });
      enterPhase('removing');
      await removeStack(operation, { project: tenantProject, stack: stack.name });
    } catch (error) {
      if (!(error instanceof StackNotFoundError)) throw error;
    }
    return { counts: events.counts() };
  });
}

/**
 * Finds what of one tenant's stack was changed in the cluster or on the database server behind the stack's back, and changes nothing, the
 * stack's state included. What a newer program, image or setting will change at the next `up` was changed by nobody. Finds nothing where
 * there is no stack.
 */
export async function runDrift(operation: StackOperation): Promise<{ changes: DriftChange[] }> {
  return withStack(operation, tenantProgram(operation.spec), async (stack, enterPhase) => {
    const compare = async (how: { refresh: boolean; runProgram?: boolean }): Promise<DriftChange[]> => {
      const drift = createDriftReader();
      const events = createEventReader({ ...operation, onProgress: () => undefined });
      const onEvent = (event: EngineEvent): void => {
        drift.onEvent(event);
        events.onEvent(event);
      };
      await stack.preview({ ...engineOptions(operation, onEvent), ...notRefreshed(operation), ...how });
      return drift.changes();
    };
    enterPhase('comparing');
    try {
      const differences = await compare({ refresh: true, runProgram: true });
      // Most stacks differ in nothing, and one look is enough.
      if (differences.length === 0) return { changes: [] };
      return { changes: madeBehindItsBack(differences, await compare({ refresh: false })) };
    } catch (error) {
      if (!(error instanceof StackNotFoundError)) throw error;
      return { changes: [] };
    }
  });
}

type EnterPhase = (name: OperationPhase) => void;

/** Runs `use` on a stack whose workspace is a folder of its own, which is gone afterwards. */
async function withStack<T>(
  operation: StackOperation,
  program: () => Promise<Record<string, unknown>>,
  use: (stack: Stack, enterPhase: EnterPhase) => Promise<T>,
): Promise<T> {
  const enterPhase: EnterPhase = (name) => operation.onProgress({ type: 'phase', name, at: new Date().toISOString() });
  const stackName = tenantNames(operation.spec.appId).stack;
  const workDir = await mkdtemp(join(tmpdir(), 'authsome-stack-'));
  try {
    const workspace = await LocalWorkspace.create({
      workDir,
      program,
      pulumiHome: operation.pulumiHome,
      pulumiCommand: ignoreProtection(operation.pulumiCommand),
      secretsProvider: 'passphrase',
      projectSettings: { name: tenantProject, runtime: 'nodejs', backend: { url: operation.backendUrl } },
      envVars: { ...engineEnvironment(operation), ...recoveryEnvironment(operation), [strayMarker]: stackName },
    });
    return await use(openStack(stackName, workspace), enterPhase);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

/** What a killed engine made and did not write down is taken over, as its names say whose it is; otherwise it would be in the way for ever. */
function recoveryEnvironment({ takeover }: StackOperation): Record<string, string> {
  return takeover ? { PULUMI_K8S_UPSERT_EXISTING_OBJECTS: 'true' } : {};
}

/**
 * A handle on a stack without asking the CLI whether it exists, and without the three CLI runs after each `up` that read back
 * outputs and history: the outputs come from the run itself, the counts from its events.
 */
function openStack(name: string, workspace: LocalWorkspace): Stack {
  const stack = Object.assign(Object.create(StackClass.prototype) as Stack, { name, workspace });
  return Object.assign(stack, { outputs: () => Promise.resolve({}), info: () => Promise.resolve(undefined) });
}

async function ensureStack(stack: Stack): Promise<void> {
  try {
    await stack.workspace.createStack(stack.name);
  } catch (error) {
    if (!(error instanceof StackAlreadyExistsError)) throw error;
  }
}

async function takeOver(stack: Stack, operation: StackOperation, enterPhase: EnterPhase): Promise<void> {
  enterPhase('recovering');
  await killStrays(stack.name);
  try {
    await stack.cancel();
    await stack.refresh({ ...engineOptions(operation), ...notRefreshed(operation), clearPendingCreates: true, runProgram: true });
  } catch (error) {
    // The holder died before the stack was made, or after it was removed: nothing to recover.
    if (!(error instanceof StackNotFoundError)) throw error;
  }
}

/** Roles, databases and grants, by the URNs that they have as children of a component; not the provider itself. */
export const everythingOnDatabaseServers = '**$postgresql:index/**';

/**
 * What is on a database server of the tenant's own is not looked at: an interrupted destroy may have ended that server already, and no
 * recovery would then ever succeed. Nobody but the tenant's own role and this program can have changed it.
 */
function notRefreshed({ spec }: StackOperation): { exclude?: string[] } {
  return spec.database.tier === 'dedicated' ? { exclude: [everythingOnDatabaseServers] } : {};
}

async function up(stack: Stack, operation: StackOperation, onEvent: (event: EngineEvent) => void): Promise<void> {
  await stack.up(engineOptions(operation, onEvent));
}

function engineOptions(
  { signal, onDiagnostic }: StackOperation,
  onEvent: (event: EngineEvent) => void = createEventReader({ onProgress: () => undefined, onDiagnostic }).onEvent,
): { signal: AbortSignal; onEvent: (event: EngineEvent) => void; color: 'never'; suppressOutputs: true; suppressProgress: true } {
  return { signal, onEvent, color: 'never', suppressOutputs: true, suppressProgress: true };
}
