import type { Command } from 'commander';
import { runAction as run, runCheck, runReader, runReaderCheck } from '../run-action.ts';

const load = () => import('../commands/repair.ts');

/** `authsome repair`: what is wrong, and the ways out, as the operator. */
export function addRepairGroup(program: Command): void {
  const repair = program
    .command('repair')
    .description("what is wrong with applications, as the platform's operator; needs what workspace set-plan needs");

  repair
    .command('list')
    .description('applications that failed, or whose operation takes too long; exits 1 where there are any')
    .action((_options: object, command: Command) => runReaderCheck(command, async (context) => (await load()).listRepairs(context)));

  repair
    .command('show')
    .description('everything that is known of an application, a deleted one too')
    .argument('<id>')
    .action((id: string, _options: object, command: Command) =>
      runReader(command, async (context) => (await load()).showRepair(context, id)),
    );

  repair
    .command('retry')
    .description('bring a failed application to its desired state once more')
    .argument('<id>')
    .action((id: string, _options: object, command: Command) =>
      run(command, async (context) => (await load()).retryApplication(context, id)),
    );

  repair
    .command('sweep')
    .description('look for what belongs to no application and for what one lacks; exits 1 where something is found and left')
    .option('--fix', 'remove the one, make the other anew', false)
    .action((options: { fix: boolean }, command: Command) =>
      runCheck(command, async (context) => (await import('../commands/sweep.ts')).sweep(context, options)),
    );

  repair
    .command('drift')
    .description('what is not as its stack wants it; exits 1 where there is anything')
    .option('--fix <id>', "bring this application back to its stack's program")
    .action((options: { fix?: string }, command: Command) => runCheck(command, async (context) => (await load()).drift(context, options)));

  repair
    .command('deletion')
    .description('the proof that a deleted application is gone')
    .argument('<id>')
    .action((id: string, _options: object, command: Command) =>
      runReader(command, async (context) => (await load()).showDeletion(context, id)),
    );
}
