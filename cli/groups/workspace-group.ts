import type { Command } from 'commander';
import { runAction as run, runReader } from '../run-action.ts';

const load = () => import('../commands/workspace.ts');

/** `authsome workspace`: workspaces as their owner, and their plans as the operator. */
export function addWorkspaceGroup(program: Command): void {
  const workspace = program.command('workspace').description('workspaces, and the plans that the operator puts them on');

  workspace
    .command('list')
    .option('--deleted', 'those that are deleted and can be restored', false)
    .action((options: { deleted: boolean }, command: Command) =>
      runReader(command, async (context) => (await load()).listWorkspaces(context, options)),
    );

  workspace
    .command('create')
    .argument('<name>')
    .action((name: string, _options: object, command: Command) =>
      run(command, async (context) => (await load()).createWorkspace(context, name)),
    );

  workspace
    .command('delete')
    .description('suspend its applications; it can be restored for 30 days')
    .argument('<id>')
    .action((id: string, _options: object, command: Command) =>
      run(command, async (context) => (await load()).deleteWorkspace(context, id)),
    );

  workspace
    .command('restore')
    .description('take a deletion back, within its grace period')
    .argument('<id>')
    .action((id: string, _options: object, command: Command) =>
      run(command, async (context) => (await load()).restoreWorkspace(context, id)),
    );

  workspace
    .command('set-plan')
    .description("as the platform's operator; needs AUTHSOME_OPERATOR_TOKEN or the right to read the control API's Secret")
    .argument('<id>')
    .argument('<plan>', 'free, pro or enterprise')
    .action((id: string, plan: string, _options: object, command: Command) =>
      run(command, async (context) => (await load()).setWorkspacePlan(context, id, plan)),
    );
}
