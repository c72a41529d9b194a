import { Option, type Command } from 'commander';
import { FacelatchError, fault } from '../errors.js';
import { readBackup, writeBackup } from '../identity/people-backup.js';
import { clearAway } from '../identity/people-file/clear-away.js';
import { keySourceOf, type KeySettings } from '../identity/people-file/key.js';
import { rekeyPeople, type People } from '../identity/people.js';
import { rekeyWaitingEvents } from '../outbox-file.js';
import type { Context } from './context.js';
import type { Run } from './run-command.js';

/** people backup, restore, rekey: copies of everybody, and the keys that open them. */
export function registerCopies(people: Command, run: Run): void {
  withKey(
    people.command('backup').argument('<file>', 'a new file'),
    'that the backup gets; the one of the people file unless given',
  )
    .description('write everybody into one encrypted file')
    .action(run(backup));

  withKey(
    people.command('restore').argument('<file>', 'a backup, or an earlier generation'),
    'of the backup; the one of the people file unless given',
  )
    .description('put those of a backup in the place of everybody; the state before stays as the latest generation')
    .action(run(restore));

  withKey(people.command('rekey'), 'that the file gets')
    .option('--in-the-clear', 'take the encryption away')
    .description('encrypt the people file and its generations with another key; stop the daemon first')
    .action(run(rekey));
}

/** The options of a key, as the configuration calls them. */
function withKey(command: Command, which: string): Command {
  return command
    .addOption(
      new Option('--key-file <file>', `32 random bytes: the key ${which}`).conflicts(['keyCredential', 'passphraseFile']),
    )
    .addOption(new Option('--key-credential <name>', 'the same as a systemd credential').conflicts(['passphraseFile']))
    .addOption(new Option('--passphrase-file <file>', 'a passphrase in its place'));
}

async function backup(context: Context, path: string, options: KeySettings): Promise<number> {
  const key = keySourceOf(options) ?? keySourceOf(context.config.people);
  if (!key)
    throw fault('USAGE', { problem: 'expected a key for the backup (--key-file, --key-credential or --passphrase-file)' });
  const everybody = (await context.people()).all();
  await writeBackup(everybody, { path, key, clock: context.clock });
  context.print({ people: everybody.length, backup: path }, `${path}: ${everybody.length} people, encrypted`);
  return 0;
}

async function restore(context: Context, path: string, options: KeySettings): Promise<number> {
  const key = keySourceOf(options) ?? keySourceOf(context.config.people);
  const { savedAt, people } = await readBackup(path, { key });
  await (await openEvenIfDamaged(context)).replaceAll(people);
  context.print({ people: people.length, savedAt }, `restored ${people.length} people as of ${savedAt}`);
  return 0;
}

/** A restore is the way out of a damaged file, and the first thing done on a new machine. */
async function openEvenIfDamaged(context: Context): Promise<People> {
  try {
    return await context.people({ create: true });
  } catch (error) {
    if (!(error instanceof FacelatchError && error.code === 'PEOPLE_FILE_CORRUPT')) throw error;
    const aside = await clearAway(context.config.people.file, { clock: context.clock });
    context.log.warn({ setAside: aside }, 'the damaged people file was set aside');
    return context.people({ create: true });
  }
}

async function rekey(context: Context, { inTheClear, ...options }: KeySettings & { inTheClear?: boolean }): Promise<number> {
  const to = keySourceOf(options);
  if ((to === undefined) !== (inTheClear ?? false)) {
    throw fault('USAGE', {
      problem: 'expected either a new key (--key-file, --key-credential or --passphrase-file) or --in-the-clear',
    });
  }
  const { file } = context.config.people;
  const { rewritten, left: leftPeople } = await rekeyPeople({ file, from: keySourceOf(context.config.people), to });
  const left = [...leftPeople, ...(await rekeyWaitingEvents(context.config, to))];
  const setting = Object.entries(options)
    .map(([name, value]) => `people.${name}: ${String(value)}`)
    .at(0);
  context.print(
    { rewritten, left },
    [
      rewritten.length === 0 ? 'every file has that key already' : `rewritten: ${rewritten.join(', ')}`,
      ...(left.length === 0 ? [] : [`left with the old key, to be deleted when nobody needs them: ${left.join(', ')}`]),
      setting === undefined ? 'Now take the key out of the configuration.' : `Now configure ${setting}`,
    ].join('\n'),
  );
  return 0;
}
