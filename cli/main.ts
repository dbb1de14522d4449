import { Command, CommanderError } from 'commander';
import type { FaultsOptions } from './commands/faults.ts';
import type { PreviewOptions } from './commands/preview.ts';
import { addBackupGroup } from './groups/backup-group.ts';
import { addRepairGroup } from './groups/repair-group.ts';
import { addTenantGroup } from './groups/tenant-group.ts';
import { addWorkspaceGroup } from './groups/workspace-group.ts';
import { reportError } from './report-error.ts';
import { runAction as run, runCheck, runReader, runReaderCheck } from './run-action.ts';
import { systemPath } from './system-path.ts';

process.env['PATH'] = systemPath(process.env['PATH'] ?? '');

/** Every command loads its own code when it runs: `authsome status` does not wait for the image builder to load. */
const program = new Command('authsome')
  .description('AuthSome Cloud: an isolated auth backend for every application')
  .option('--json', 'answer in JSON')
  .option('--profile <name>', 'platform profile and stack: local, staging or production', 'local')
  .showHelpAfterError();

// A script that asked for JSON gets JSON for a mistyped command too. Set before the commands are added, which inherit it.
const json = process.argv.includes('--json');
if (json) program.exitOverride().configureOutput({ writeErr: () => undefined, outputError: () => undefined });

program
  .command('up')
  .description('bring the platform up, with a demo application')
  .option('--no-demo', 'without the demo application')
  .option('--new-cluster', 'the cluster that the state belongs to is gone for good: bring the platform up in this one', false)
  .action((options: { demo: boolean; newCluster: boolean }, command: Command) =>
    run(command, async (context) => (await import('./commands/up.ts')).up(context, options)),
  );

program
  .command('down')
  .description('stop the local cluster; its data is kept')
  .option('--purge', 'remove all data too', false)
  .action((options: { purge: boolean }, command: Command) =>
    run(command, async (context) => (await import('./commands/down.ts')).down(context, options)),
  );

program
  .command('status')
  .description('show each part, its health and its address; exits 1 where one is unhealthy')
  .action((_options: object, command: Command) =>
    runReaderCheck(command, async (context) => (await import('./commands/status.ts')).status(context)),
  );

program
  .command('env')
  .description('print what a shell needs to use pulumi and kubectl on the platform')
  .action((_options: object, command: Command) =>
    runReader(command, async (context) => (await import('./commands/environment.ts')).environment(context)),
  );

program
  .command('preview')
  .description('show what up would change; exits 1 where data would be lost or a policy is broken')
  .option(
    '--allow-replace <names...>',
    'what may be deleted or replaced although it holds data: a URN, or a name such as StatefulSet/redis',
    [],
  )
  .option('--offline', 'compare with nothing, even where something is deployed', false)
  .option('--base <ref>', 'compare with the program of this commit, branch or tag, without a cluster')
  .option('--comment <file>', 'also write the report to this file, as Markdown for a pull request')
  .action((options: PreviewOptions, command: Command) =>
    runCheck(command, async (context) => (await import('./commands/preview.ts')).preview(context, options)),
  );

program
  .command('test')
  .description('lint, types, unit, integration and acceptance tests, and faults; or those named')
  .argument('[suites...]', 'of: lint types unit integration acceptance faults')
  .action((suites: string[], _options: object, command: Command) =>
    run(command, async (context) => {
      if (!(await (await import('./commands/test.ts')).test(context, suites))) process.exitCode = 1;
    }),
  );

program
  .command('faults')
  .description('kill parts of the local platform in the middle of operations; exits 1 where one is not recovered')
  .option('--runs <n>', 'times that each fault meets each operation', '1')
  .option('--seed <n>', 'the same seed chooses the same faults, operations and moments', '1')
  .option('--life <n>', 'only the application of this number, to try again what was not recovered')
  .option('--faults <names>', 'only these, separated by commas')
  .option('--operations <names>', 'only these of provision,update,delete')
  .option('--victims <names>', 'platform (its parts, the default), cli (the commands up, down, backup and restore), or both')
  .action((options: FaultsOptions, command: Command) =>
    run(command, async (context) => {
      if (!(await (await import('./commands/faults.ts')).faults(context, options))) process.exitCode = 1;
    }),
  );

program
  .command('bench')
  .description('measure; the last line is one JSON object')
  .argument('<name>', 'instance, provision or ready')
  .action((name: string, _options: object, command: Command) =>
    run(command, async (context) => (await import('./commands/bench.ts')).bench(context, name)),
  );

addTenantGroup(program);
addWorkspaceGroup(program);
addRepairGroup(program);
addBackupGroup(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  if (error.exitCode !== 0) reportError(error, { json });
  process.exitCode = error.exitCode;
}
