import type { CommandName } from '../command-names.js';
import { fault } from '../errors.js';
import { commandAnswerSchemas, commandProgressSchemas, type CommandAnswer } from '../messages/command-answers.js';
import { readSigningKey } from '../messages/command-keys.js';
import { readCredentials } from '../messages/credentials.js';
import type { Context } from './context.js';

/** Options of `facelatch send`, whatever the command. */
export interface SendOptions {
  readonly key: string;
  readonly url?: string;
  readonly door?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly certKey?: string;
  readonly username?: string;
  readonly passwordFile?: string;
  /** Seconds. */
  readonly timeout: number;
}

const CALLED = { passwordFile: '--password-file', caFile: '--ca', certFile: '--cert', keyFile: '--cert-key' };

/**
 * Sends one command and waits for its answer; progress is printed as it comes.
 *
 * @param args of the command, as commandArgumentSchemas has them
 * @throws FacelatchError KEY_FILE, SECRET_UNREADABLE, and what sendCommand throws
 */
export async function askDoor<N extends CommandName>(
  context: Context,
  options: SendOptions,
  command: N,
  args: unknown,
): Promise<CommandAnswer<N>> {
  const { mqtt, door: own } = context.config;
  const { cert, certKey, username, passwordFile, ca = mqtt.tls?.caFile } = options;
  if ((cert === undefined) !== (certKey === undefined)) {
    throw fault('USAGE', {
      problem: `expected --cert and --cert-key together, received --cert${cert === undefined ? '-key' : ''} alone`,
    });
  }
  const door = options.door ?? own.id;
  const files = { username, passwordFile, tls: { caFile: ca, certFile: cert, keyFile: certKey } };
  // Only here: no other command speaks MQTT.
  const { sendCommand } = await import('../messages/command-client.js');
  const answer = await sendCommand({
    ...{ door, command, args },
    url: options.url ?? mqtt.url ?? `mqtt://127.0.0.1:${mqtt.embeddedPort}`,
    key: await readSigningKey(options.key),
    credentials: await readCredentials(files, CALLED),
    timeoutMs: options.timeout * 1_000,
    clock: context.clock,
    onProgress: (data) => tell(context, command, data),
  });
  const parsed = commandAnswerSchemas[command].safeParse(answer);
  if (parsed.success) return parsed.data as CommandAnswer<N>;
  throw fault('ANSWER_UNKNOWN', { command, door });
}

/** "2 of 5  Turn your head a little to your left" */
function tell(context: Context, command: CommandName, data: unknown): void {
  if (command === 'enroll') {
    const progress = commandProgressSchemas.enroll.safeParse(data).data;
    if (progress) context.print({ progress }, `${progress.done} of ${progress.of} photographs`);
  } else if (command === 'enroll-capture') {
    const progress = commandProgressSchemas['enroll-capture'].safeParse(data).data;
    if (progress) context.print({ progress }, `${progress.done} of ${progress.of}  ${progress.say}`);
  }
}
