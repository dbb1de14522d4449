import { LocalWorkspace, PulumiCommand, Stack, StackAlreadyExistsError } from '@pulumi/pulumi/automation/index.js';
import { RandomPassword } from '@pulumi/random';
import { engineEnvironment } from '../../../stacks/engine-environment.ts';

const project = 'bench';
/** A small stack; one of a tenant has some 30. */
const resources = 10;

/** No name is the beginning of another's path. */
export const stackName = (index: number): string => `bench-${index}`;

/** Small stacks in one state database, driven as stacks/automation.ts drives tenants'. */
export class StackDriver {
  readonly #workspace: LocalWorkspace;
  readonly #wanted: { round: number };

  private constructor(workspace: LocalWorkspace, wanted: { round: number }) {
    this.#workspace = workspace;
    this.#wanted = wanted;
  }

  static async create({ pulumiHome, backendUrl }: { pulumiHome: string; backendUrl: string }): Promise<StackDriver> {
    const wanted = { round: 0 };
    const workspace = await LocalWorkspace.create({
      program: () => makeResources(wanted.round),
      pulumiHome,
      pulumiCommand: await PulumiCommand.get(),
      secretsProvider: 'passphrase',
      projectSettings: { name: project, runtime: 'nodejs', backend: { url: backendUrl } },
      envVars: engineEnvironment({ backendUrl, passphrase: 'bench', pulumiHome }),
    });
    return new StackDriver(workspace, wanted);
  }

  /** As every operation on a tenant begins: makes the stack, unless it is there. */
  async open(index: number): Promise<void> {
    await this.#workspace.createStack(stackName(index)).catch((error: unknown) => {
      if (!(error instanceof StackAlreadyExistsError)) throw error;
    });
  }

  select(index: number): Promise<void> {
    return this.#workspace.selectStack(stackName(index));
  }

  /** An `up` that replaces one of the stack's resources and leaves the others. */
  async up(index: number, round: number): Promise<void> {
    this.#wanted.round = round;
    await this.open(index);
    const stack = Object.assign(Object.create(Stack.prototype) as Stack, { name: stackName(index), workspace: this.#workspace });
    // Without the CLI runs that read back outputs and history.
    Object.assign(stack, { outputs: () => Promise.resolve({}), info: () => Promise.resolve(undefined) });
    await stack.up({ color: 'never', suppressOutputs: true, suppressProgress: true });
  }

  async list(): Promise<number> {
    return (await this.#workspace.listStacks()).length;
  }
}

function makeResources(round: number): Promise<void> {
  for (let index = 0; index < resources; index += 1) {
    new RandomPassword(`password-${index}`, { length: 32, keepers: index === 0 ? { round: String(round) } : {} });
  }
  return Promise.resolve();
}
