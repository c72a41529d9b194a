import { readFile, writeFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';
import type { CommandName } from '../command-names.js';
import { fault, reasonOf } from '../errors.js';
import { askDoor, type SendOptions } from './ask-door.js';
import type { Context } from './context.js';
import { columns } from './output.js';
import { photographsToSend } from './photographs-to-send.js';
import type { Run } from './run-command.js';

/** The door itself ends a capture; this is for the way there and back, in seconds. */
const BEYOND_CAPTURE = 15;

/** `facelatch send`: a door is commanded from anywhere on its broker. */
export function registerSend(program: Command, run: Run): void {
  const send = program
    .command('send')
    .description('give a door a signed command over MQTT, from this or any other machine (docs/mqtt.md)')
    .requiredOption('--key <file>', 'the key that signs (facelatch keys new)')
    .option('--url <url>', "the broker, such as mqtts://broker.example:8883; the configuration's unless given")
    .option('--door <id>', "the door; the configuration's unless given")
    .option('--ca <file>', 'PEM: the authority that signed the certificate of the broker')
    .option('--cert <file>', 'PEM: the certificate of this client, where the broker asks for one')
    .option('--cert-key <file>', 'PEM: the key of that certificate')
    .option('--username <name>', 'for a broker with passwords')
    .option('--password-file <file>', 'its first line is the password')
    .option('--timeout <seconds>', 'wait so long for the answer', seconds, 30);
  const ask = <N extends CommandName>(context: Context, command: N, args: unknown, atLeast = 0) => {
    const options = send.opts<SendOptions>();
    return askDoor(context, { ...options, timeout: Math.max(options.timeout, atLeast) }, command, args);
  };

  const orders = {
    unlock: ['open for one pulse', 'unlocked'],
    lock: ['end a pulse, or the present open hours', 'locked'],
    lockdown: ['let nobody in by face until resume, over restarts too', 'in lockdown'],
    resume: ['end a lockdown and a lockout', 'back to what the schedule says'],
  } as const;
  for (const name of ['unlock', 'lock', 'lockdown', 'resume'] as const) {
    const [description, done] = orders[name];
    const order = async (context: Context) => {
      const standing = await ask(context, name, {});
      context.print(standing, `${done}: ${standing.lock}, mode ${standing.mode}`);
      return 0;
    };
    send.command(name).description(description).action(run(order));
  }

  send
    .command('list')
    .description('who is enrolled')
    .action(
      run(async (context) => {
        const { people } = await ask(context, 'list', {});
        const rows = people.map(({ name, id, templates, createdAt }) => [name, id, String(templates), createdAt]);
        context.print(people, rows.length === 0 ? 'nobody is enrolled' : columns(['NAME', 'ID', 'TEMPLATES', 'SINCE'], rows));
        return 0;
      }),
    );

  send
    .command('enroll')
    .description('enroll a person with 1 to 10 photographs, or give one who is known more templates')
    .argument('<name>', 'how messages and logs call the person')
    .argument('<photo...>', 'JPEG, PNG, WebP or TIFF with one face each; one good, frontal photograph is enough')
    .option('--largest-face', 'of a photograph with several faces take the largest')
    .option('--force', 'enroll a face that the door already knows as somebody else')
    .action(
      run(async (context, name: string, paths: readonly string[], choice: object) => {
        const photographs = (await photographsToSend(paths)).map((bytes) => bytes.toString('base64url'));
        tellEnrolled(context, await ask(context, 'enroll', { name, photographs, ...choice }));
        return 0;
      }),
    );

  send
    .command('enroll-capture')
    .description('enroll a person who stands before the camera of the door, and is told where to look')
    .argument('<name>', 'how messages and logs call the person')
    .option('--within <seconds>', 'the person has so long, 5 to 300', seconds, 60)
    .action(
      run(async (context, name: string, { within }: { within: number }) => {
        const args = { name, timeoutSeconds: within };
        tellEnrolled(context, await ask(context, 'enroll-capture', args, within + BEYOND_CAPTURE));
        return 0;
      }),
    );

  send
    .command('remove')
    .description('remove a person and every template')
    .argument('<person>', 'name or id')
    .action(
      run(async (context, nameOrId: string) => {
        const { person } = await ask(context, 'remove', { person: nameOrId });
        context.print(person, `removed ${person.name}; the door does not know them any more`);
        return 0;
      }),
    );

  send
    .command('verify')
    .description('claim an identity: who comes next is compared with that person alone')
    .argument('<person>', 'name or id')
    .action(
      run(async (context, nameOrId: string) => {
        const { person, forMs } = await ask(context, 'verify', { person: nameOrId });
        context.print({ person, forMs }, `${person.name} is awaited for ${forMs / 1_000} s`);
        return 0;
      }),
    );

  send
    .command('snapshot')
    .description('what the camera of the door sees now')
    .argument('<file>', 'a new JPEG')
    .action(
      run(async (context, file: string) => {
        const { jpeg, ...about } = await ask(context, 'snapshot', {});
        await writeNew(file, Buffer.from(jpeg, 'base64url'));
        context.print({ ...about, file }, `${file}: ${about.widthPx}x${about.heightPx}, taken at ${about.takenAt}`);
        return 0;
      }),
    );

  send
    .command('backup')
    .description('everybody who is enrolled, sealed with the key of the people file of the door')
    .argument('<file>', 'a new file')
    .action(
      run(async (context, file: string) => {
        const { people, backup } = await ask(context, 'backup', {});
        await writeNew(file, Buffer.from(backup, 'base64url'));
        context.print({ people, file }, `${file}: ${people} people, sealed with the key of the people file`);
        return 0;
      }),
    );

  send
    .command('restore')
    .description('everybody goes, and those of a backup come')
    .argument('<file>', 'what backup wrote')
    .action(
      run(async (context, file: string) => {
        const backup = (await readExisting(file)).toString('base64url');
        const { people, savedAt } = await ask(context, 'restore', { backup });
        context.print({ people, savedAt }, `${people} people, as of ${savedAt}`);
        return 0;
      }),
    );
}

function tellEnrolled(
  context: Context,
  { person, templates }: { readonly person: { readonly id: string; readonly name: string }; readonly templates: number },
): void {
  context.print({ ...person, templates }, `enrolled ${person.name} (${templates} templates in all)`);
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 86_400) return value;
  throw new InvalidArgumentError('expected seconds, 1 to 86400');
}

/** Only its owner may read it: a picture of a door, or people. */
async function writeNew(path: string, bytes: Buffer): Promise<void> {
  try {
    await writeFile(path, bytes, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw fault('FILE_UNWRITABLE', { path, reason: reasonOf(cause) }, cause);
  }
}

async function readExisting(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw fault('PEOPLE_FILE_UNREADABLE', { path, reason: reasonOf(cause) }, cause);
  }
}
