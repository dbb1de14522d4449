import { Command } from 'commander';
import type { FaultsOptions } from './commands/faults.ts';
import { createContext } from './context.ts';
import type { CliContext, GlobalOptions } from './context.ts';

/** Every command loads its own code when it runs: `authsome status` does not wait for the image builder to load. */
const program = new Command('authsome')
  .description('AuthSome Cloud: an isolated auth backend for every application')
  .option('--json', 'answer in JSON')
  .option('--profile <name>', 'platform profile and stack: local, staging or production', 'local')
  .showHelpAfterError();

program
  .command('up')
  .description('bring the platform up, with a demo application')
  .option('--no-demo', 'without the demo application')
  .action((options: { demo: boolean }, command: Command) =>
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
    run(command, async (context) => {
      if (!(await (await import('./commands/status.ts')).status(context))) process.exitCode = 1;
    }),
  );

program
  .command('env')
  .description('print what a shell needs to use pulumi and kubectl on the platform')
  .action((_options: object, command: Command) =>
    run(command, async (context) => (await import('./commands/environment.ts')).environment(context)),
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

const tenant = program.command('tenant').description('applications, through the control API');

tenant
  .command('create')
  .argument('<name>')
  .option('--slug <slug>', 'made from the name unless given')
  .option('--environment <environment>', 'production, staging or development', 'development')
  .option('--region <region>')
  .option('--no-wait', 'return before it is active')
  .action((name: string, options: { slug?: string; environment: string; region?: string; wait: boolean }, command: Command) =>
    run(command, async (context) => (await import('./commands/tenant.ts')).createTenant(context, name, options)),
  );

tenant
  .command('list')
  .action((_options: object, command: Command) =>
    run(command, async (context) => (await import('./commands/tenant.ts')).listTenants(context)),
  );

tenant
  .command('show')
  .argument('<id>')
  .action((id: string, _options: object, command: Command) =>
    run(command, async (context) => (await import('./commands/tenant.ts')).showTenant(context, id)),
  );

tenant
  .command('update')
  .description('change the name or the configuration')
  .argument('<id>')
  .option('--name <name>')
  .option('--config <json>', 'a JSON merge patch of the configuration, or a file with it: null removes, a secret that is not given stays')
  .option('--no-wait', 'return before it is active again')
  .action((id: string, options: { name?: string; config?: string; wait: boolean }, command: Command) =>
    run(command, async (context) => (await import('./commands/tenant.ts')).updateTenant(context, id, options)),
  );

tenant
  .command('delete')
  .argument('<id>')
  .option('--no-wait', 'return before it is gone')
  .action((id: string, options: { wait: boolean }, command: Command) =>
    run(command, async (context) => (await import('./commands/tenant.ts')).deleteTenant(context, id, options)),
  );

tenant
  .command('probe')
  .description('try every promise of isolation on the running cluster; exits 1 where one is broken')
  .argument('<id>')
  .action((id: string, _options: object, command: Command) =>
    run(command, async (context) => {
      if (!(await (await import('./commands/probe.ts')).probe(context, id))) process.exitCode = 1;
    }),
  );

const workspace = program.command('workspace').description('workspaces, and the plans that the operator puts them on');

workspace
  .command('list')
  .action((_options: object, command: Command) =>
    run(command, async (context) => (await import('./commands/workspace.ts')).listWorkspaces(context)),
  );

workspace
  .command('create')
  .argument('<name>')
  .action((name: string, _options: object, command: Command) =>
    run(command, async (context) => (await import('./commands/workspace.ts')).createWorkspace(context, name)),
  );

workspace
  .command('set-plan')
  .description("as the platform's operator; needs AUTHSOME_OPERATOR_TOKEN or the right to read the control API's Secret")
  .argument('<id>')
  .argument('<plan>', 'free, pro or enterprise')
  .action((id: string, plan: string, _options: object, command: Command) =>
    run(command, async (context) => (await import('./commands/workspace.ts')).setWorkspacePlan(context, id, plan)),
  );

async function run(command: Command, action: (context: CliContext) => Promise<void>): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  try {
    await action(await createContext(options));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (options.json === true) console.log(JSON.stringify({ error: { message } }));
    else console.error(`\n${message}`);
    if (process.env['AUTHSOME_DEBUG'] !== undefined) console.error(error);
    process.exitCode = 1;
  }
}

await program.parseAsync();
