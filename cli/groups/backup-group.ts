import type { Command } from 'commander';
import { runAction as run, runCheck } from '../run-action.ts';

const load = () => import('../commands/backup.ts');

interface GivenOptions {
  yes: boolean;
  discard: string[];
  partial: boolean;
  abandon: boolean;
}

/** `authsome backup`, `backups` and `restore`. */
export function addBackupGroup(program: Command): void {
  program
    .command('backup')
    .description('take a backup of every database now, and wait; exits 1 where one is missing')
    .action((_options: object, command: Command) => runCheck(command, async (context) => (await load()).backup(context)));

  program
    .command('backups')
    .description('list the backups that there are')
    .action((_options: object, command: Command) => run(command, async (context) => (await load()).backups(context)));

  program
    .command('restore')
    .description('load a backup into an empty platform and make its applications again; the same command goes on with one that was stopped')
    .argument('[backup]', 'as `authsome backups` lists it')
    .option('--yes', 'without being asked', false)
    .option('--discard <ids...>', 'applications of the present platform that may be lost', [])
    .option('--partial', 'a backup in which databases are missing will do', false)
    .option('--abandon', 'restore nothing, and start the services that a restore has paused', false)
    .action((id: string | undefined, { abandon, ...options }: GivenOptions, command: Command) =>
      runCheck(command, async (context) => {
        const { abandonRestore, restore } = await import('../commands/restore.ts');
        if (abandon) return abandonRestore(context).then(() => true);
        if (id === undefined) throw new Error('which backup? ./authsome backups lists them');
        return restore(context, id, options);
      }),
    );
}
