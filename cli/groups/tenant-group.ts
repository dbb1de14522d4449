import type { Command } from 'commander';
import type { TenantCommand } from '../commands/tenant-lifecycle.ts';
import { runAction as run, runCheck, runReader, runReaderCheck } from '../run-action.ts';

const load = () => import('../commands/tenant.ts');
const loadLifecycle = () => import('../commands/tenant-lifecycle.ts');

const lifecycle: Readonly<Record<TenantCommand, string>> = {
  restart: 'start its pods anew, one after another',
  suspend: 'take its pods down; its data stay',
  resume: 'bring one back that was suspended',
  restore: 'take a deletion back, within its grace period',
};

/** `authsome tenant`: applications, as their owner. */
export function addTenantGroup(program: Command): void {
  const tenant = program.command('tenant').description('applications, through the control API');

  tenant
    .command('create')
    .argument('<name>')
    .option('--slug <slug>', 'made from the name unless given')
    .option('--environment <environment>', 'production, staging or development', 'development')
    .option('--region <region>')
    .option('--no-wait', 'return before it is active')
    .action((name: string, options: { slug?: string; environment: string; region?: string; wait: boolean }, command: Command) =>
      run(command, async (context) => (await load()).createTenant(context, name, options)),
    );

  tenant
    .command('list')
    .action((_options: object, command: Command) => runReader(command, async (context) => (await load()).listTenants(context)));

  tenant
    .command('show')
    .argument('<id>')
    .action((id: string, _options: object, command: Command) =>
      runReader(command, async (context) => (await load()).showTenant(context, id)),
    );

  tenant
    .command('update')
    .description('change the name or the configuration')
    .argument('<id>')
    .option('--name <name>')
    .option('--config <json>', 'a JSON merge patch of the configuration, or a file with it: null removes, a secret that is not given stays')
    .option('--no-wait', 'return before it is active again')
    .action((id: string, options: { name?: string; config?: string; wait: boolean }, command: Command) =>
      run(command, async (context) => (await load()).updateTenant(context, id, options)),
    );

  for (const [name, description] of Object.entries(lifecycle) as [TenantCommand, string][]) {
    tenant
      .command(name)
      .description(description)
      .argument('<id>')
      .option('--no-wait', 'return before it is done')
      .action((id: string, options: { wait: boolean }, command: Command) =>
        run(command, async (context) => (await loadLifecycle()).commandTenant(context, id, name, options)),
      );
  }

  tenant
    .command('delete')
    .description('take it out of service; it can be restored for 7 days')
    .argument('<id>')
    .option('--now', 'for good, with all its data', false)
    .option('--no-wait', 'return before it is taken down, or gone')
    .action((id: string, options: { now: boolean; wait: boolean }, command: Command) =>
      run(command, async (context) => (await loadLifecycle()).deleteTenant(context, id, options)),
    );

  addOperationCommands(tenant);

  tenant
    .command('probe')
    .description('try every promise of isolation on the running cluster; exits 1 where one is broken')
    .argument('<id>')
    .action((id: string, _options: object, command: Command) =>
      runCheck(command, async (context) => (await import('../commands/probe.ts')).probe(context, id)),
    );
}

function addOperationCommands(tenant: Command): void {
  tenant
    .command('operations')
    .description('what was asked of it, and how far that is')
    .argument('<id>')
    .action((id: string, _options: object, command: Command) =>
      runReader(command, async (context) => (await loadLifecycle()).listOperations(context, id)),
    );

  tenant
    .command('watch')
    .description('follow an operation as it goes; exits 1 where it does not succeed')
    .argument('<id>')
    .argument('[operation]', 'the newest unless given')
    .action((id: string, operation: string | undefined, _options: object, command: Command) =>
      runReaderCheck(command, async (context) => (await import('../commands/watch.ts')).watchTenant(context, id, operation)),
    );

  tenant
    .command('cancel')
    .description('stop an operation; the application is failed then, and its next change tries again')
    .argument('<id>')
    .argument('<operation>')
    .action((id: string, operation: string, _options: object, command: Command) =>
      run(command, async (context) => (await loadLifecycle()).cancelOperation(context, id, operation)),
    );
}
