import { resolve } from 'node:path';
import type { Command } from 'commander';
import { COMMAND_NAMES, type CommandName } from '../command-names.js';
import { fault } from '../errors.js';
import { readPublicKey, writeNewKey, type PublicKey } from '../messages/command-keys.js';
import { keyIdSchema } from '../messages/command-schemas.js';
import type { Context } from './context.js';
import type { Run } from './run-command.js';

export function registerKeys(program: Command, run: Run): void {
  const keys = program.command('keys').description('keys that sign commands over MQTT (docs/mqtt.md)');
  const only = (command: Command) =>
    command.option('--commands <names>', 'what it may command, separated by commas; every command unless given');

  only(keys.command('new'))
    .description('make a key pair: a secret file for the one who commands, and what the door must be told')
    .argument('<name>', 'its id: 1 to 64 characters of a-z, 0-9 and "-"')
    .option('--out <file>', 'the secret file; <name>.key unless given, never overwritten')
    .action(run(makeKey));

  only(keys.command('show'))
    .description('the public half of a key, as the configuration of a door wants it')
    .argument('<file>', 'the secret file')
    .action(run(showKey));
}

interface Options {
  readonly commands?: string;
}

async function makeKey(context: Context, name: string, options: Options & { readonly out?: string }): Promise<number> {
  const kid = keyIdSchema.safeParse(name);
  if (!kid.success)
    throw fault('USAGE', { problem: `expected a key's id of 1 to 64 characters of a-z, 0-9 and "-", received "${name}"` });
  const commands = commandsOf(options);
  const path = options.out ?? `${name}.key`;
  const publicKey = await writeNewKey(path, name);
  const key = { kid: name, publicKey };
  context.print(
    { ...key, commands, file: resolve(path) },
    `${path}: the secret, mode 0600. It stays with the one who commands.\n\n${forDoor(key, commands)}`,
  );
  return 0;
}

async function showKey(context: Context, path: string, options: Options): Promise<number> {
  const key = await readPublicKey(path);
  const commands = commandsOf(options);
  context.print({ ...key, commands, file: resolve(path) }, forDoor(key, commands));
  return 0;
}

/** What the door must be told, to be pasted. */
function forDoor({ kid, publicKey }: PublicKey, commands: readonly CommandName[]): string {
  return [
    'In the configuration of each door that it may command:',
    '',
    '  mqtt:',
    '    commands:',
    '      keys:',
    `        - kid: ${kid}`,
    `          publicKey: ${publicKey}`,
    `          commands: [${commands.join(', ')}]`,
  ].join('\n');
}

function commandsOf({ commands }: Options): readonly CommandName[] {
  if (commands === undefined) return COMMAND_NAMES;
  const wanted = commands.split(',').map((name) => name.trim());
  const unknown = wanted.filter((name) => !COMMAND_NAMES.some((known) => known === name));
  if (unknown.length > 0) {
    throw fault('USAGE', { problem: `expected commands of ${COMMAND_NAMES.join(', ')}, received "${unknown.join(', ')}"` });
  }
  return COMMAND_NAMES.filter((name) => wanted.includes(name));
}
