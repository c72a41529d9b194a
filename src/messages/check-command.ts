import * as z from 'zod';
import { openEnvelope } from './command-envelope.js';
import type { CommandKey } from './command-keys.js';
import { commandArgumentSchemas, commandBodySchema, envelopeSchema, type Command } from './command-schemas.js';

/** Which check a request failed, in the order of the checks. */
export type RejectReason =
  'size' | 'retained' | 'rate' | 'envelope' | 'key' | 'signature' | 'body' | 'door' | 'nonce' | 'permission';

export interface Request {
  /** The last level of the topic. */
  readonly command: string;
  readonly payload: Buffer;
  readonly retained: boolean;
}

export interface CheckContext {
  readonly door: string;
  readonly keys: ReadonlyMap<string, CommandKey>;
  /** The greatest payload of this command, in bytes. */
  readonly maxBytes: number;
  /** Whether the sender has not asked too often; it counts as asked. */
  readonly withinRate: (bytes: number) => boolean;
  readonly nonce: string;
}

export type Verdict =
  | { readonly accepted: true; readonly command: Command; readonly id: string; readonly kid: string }
  | {
      readonly accepted: false;
      readonly reason: RejectReason;
      /** What was expected and what was received, for who signed it. */
      readonly detail: string;
      /** Only where the signature is good: nobody else gets an answer. */
      readonly id?: string;
      readonly kid?: string;
    };

/**
 * Whether a request is a command that this door obeys. The checks stand in their order: each is cheaper than the next, and
 * nothing of an unsigned body is looked at. Changes nothing; who calls it spends the nonce of an accepted command.
 */
export function checkCommand(request: Request, context: CheckContext): Verdict {
  const { payload } = request;
  if (payload.length > context.maxBytes)
    return reject('size', `expected at most ${context.maxBytes} bytes, received ${payload.length}`);
  if (request.retained) return reject('retained', 'expected a message that is not retained');
  if (!context.withinRate(payload.length)) return reject('rate', 'expected fewer requests');

  const envelope = envelopeSchema.safeParse(parseJson(payload));
  if (!envelope.success) return reject('envelope', problemOf(envelope.error));
  const { kid } = envelope.data;
  const key = context.keys.get(kid);
  if (!key) return reject('key', 'expected the id of a key that this door knows');
  const bytes = openEnvelope(key, envelope.data);
  if (!bytes) return reject('signature', 'expected a signature of the body with this key');

  const body = commandBodySchema.safeParse(parseJson(bytes));
  if (!body.success) return reject('body', problemOf(body.error), { kid });
  const { id, command: name, door, nonce } = body.data;
  const signed = { id, kid };
  if (name !== request.command) return reject('body', `expected the command of the topic, received ${name}`, signed);
  const args = commandArgumentSchemas[name].safeParse(body.data.args);
  if (!args.success) return reject('body', problemOf(args.error), signed);
  if (door !== context.door) return reject('door', `expected the door ${context.door}, received ${door.slice(0, 64)}`, signed);
  if (nonce !== context.nonce) return reject('nonce', 'expected the nonce of the present state', signed);
  if (!key.commands.has(name)) return reject('permission', `expected a key that may give ${name}, received ${kid}`, signed);
  return { accepted: true, command: { name, args: args.data } as Command, id, kid };
}

function reject(reason: RejectReason, detail: string, signed: { id?: string; kid?: string } = {}): Verdict {
  return { accepted: false, reason, detail, ...signed };
}

/** The value, or undefined (which no schema here accepts) where it is not JSON in UTF-8. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

const problemOf = (error: z.ZodError) => z.prettifyError(error).slice(0, 300);
