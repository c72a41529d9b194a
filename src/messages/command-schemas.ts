import * as z from 'zod';
import { COMMAND_NAMES, type CommandName } from '../command-names.js';

/**
 * What may be asked of the door and what it answers (docs/mqtt.md). Names are checked by the people file, photographs by the
 * decoder; here they are only bounded.
 */
const none = z.strictObject({});
/** A name or an id of somebody enrolled. */
const person = z.string().min(1).max(200);
const base64url = z
  .string()
  .min(1)
  .regex(/^[A-Za-z0-9_-]+$/, 'expected base64url without padding');
const timeoutSeconds = z.int().min(5).max(300);

export const commandArgumentSchemas = {
  /** Opens as a grant would: for one pulse, and not in lockdown. */
  unlock: none,
  /** Ends a pulse or a held release. */
  lock: none,
  /** Nobody is let in by face until `resume`. */
  lockdown: none,
  resume: none,
  /** Photographs (JPEG, PNG, WebP or TIFF) of one face each. */
  enroll: z.strictObject({
    name: person,
    photographs: z.array(base64url).min(1).max(10),
    /** Of a photograph with several faces take the largest. */
    largestFace: z.exactOptional(z.boolean()),
    /** Also a face that the door already knows as somebody else. */
    force: z.exactOptional(z.boolean()),
  }),
  /** The person stands before this door's camera; progress is answered with the status `progress`. */
  'enroll-capture': z.strictObject({ name: person, timeoutSeconds: timeoutSeconds.default(60) }),
  remove: z.strictObject({ person }),
  list: none,
  /** The next presentation is compared with this person alone. */
  verify: z.strictObject({ person }),
  /** The newest picture of the camera. */
  snapshot: none,
  backup: none,
  restore: z.strictObject({ backup: base64url }),
} as const satisfies { readonly [N in CommandName]: z.ZodType };

/** A command whose arguments have been checked. */
export type Command = {
  readonly [N in CommandName]: { readonly name: N; readonly args: z.output<(typeof commandArgumentSchemas)[N]> };
}[CommandName];

export const keyIdSchema = z.string().regex(/^[a-z0-9-]{1,64}$/, 'expected 1 to 64 characters of a-z, 0-9 and "-"');

/** What stands on a request topic. */
export const envelopeSchema = z.strictObject({
  v: z.literal(1),
  kid: keyIdSchema,
  /** base64url of the UTF-8 JSON of a body. */
  body: base64url,
  /** base64url of the Ed25519 signature of "facelatch-command-v1", a zero byte, and the body's bytes: 64 bytes. */
  sig: z.string().regex(/^[A-Za-z0-9_-]{86}$/, 'expected 64 bytes in base64url'),
});
export type Envelope = z.output<typeof envelopeSchema>;

/** What is signed. */
export const commandBodySchema = z.strictObject({
  door: z.string(),
  command: z.enum(COMMAND_NAMES),
  /** Chosen by the sender; the answer repeats it. */
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  /** From the door's state, a moment ago. */
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/, 'expected 16 bytes in base64url'),
  issuedAt: z.iso.datetime(),
  args: z.unknown(),
});
export type CommandBody = z.output<typeof commandBodySchema>;

export const responseSchema = z.discriminatedUnion('status', [
  z.strictObject({ id: z.string(), status: z.literal('ok'), data: z.unknown() }),
  /** Before the `ok` or `error` of a command that takes its time. */
  z.strictObject({ id: z.string(), status: z.literal('progress'), data: z.unknown() }),
  z.strictObject({
    id: z.string(),
    status: z.literal('error'),
    error: z.strictObject({ code: z.string(), message: z.string() }),
  }),
]);
export type CommandResponse = z.output<typeof responseSchema>;
