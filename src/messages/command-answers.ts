import * as z from 'zod';
import type { CommandName } from '../command-names.js';

/** What the door answers to each command, beside the envelope of responseSchema (docs/mqtt.md). */
const person = z.strictObject({ id: z.string(), name: z.string() });
const base64url = z.string().regex(/^[A-Za-z0-9_-]*$/, 'expected base64url without padding');

const standing = z.strictObject({
  lock: z.enum(['LOCKED', 'UNLOCKED', 'JAMMED']),
  contact: z.enum(['open', 'closed', 'unknown']),
  mode: z.enum(['normal', 'lockdown', 'open']),
});
/** The person, and how many templates they have now. */
const enrolled = z.strictObject({ person, templates: z.int().min(1) });

export const commandAnswerSchemas = {
  unlock: standing,
  lock: standing,
  lockdown: standing,
  resume: standing,
  enroll: enrolled,
  'enroll-capture': enrolled,
  remove: z.strictObject({ person }),
  list: z.strictObject({
    people: z.array(z.strictObject({ id: z.string(), name: z.string(), templates: z.int().min(0), createdAt: z.iso.datetime() })),
  }),
  /** The claim stands for so long. */
  verify: z.strictObject({ person, forMs: z.int().min(1) }),
  snapshot: z.strictObject({
    takenAt: z.iso.datetime(),
    widthPx: z.int().min(1),
    heightPx: z.int().min(1),
    /** A JPEG. */
    jpeg: base64url,
  }),
  backup: z.strictObject({ people: z.int().min(0), backup: base64url }),
  restore: z.strictObject({ people: z.int().min(0), savedAt: z.iso.datetime() }),
} as const satisfies { readonly [N in CommandName]: z.ZodType };

export type CommandAnswer<N extends CommandName> = z.output<(typeof commandAnswerSchemas)[N]>;

/** What the person before the camera is to do next. */
export const captureLookSchema = z.enum(['straight', 'left', 'right', 'up', 'closer']);

/** What is told before the answer, by those commands that take their time. */
export const commandProgressSchemas = {
  enroll: z.strictObject({ done: z.int().min(0), of: z.int().min(1) }),
  'enroll-capture': z.strictObject({
    done: z.int().min(0),
    of: z.int().min(1),
    /** Absent when all is done. */
    look: z.exactOptional(captureLookSchema),
    /** For a display beside the door. */
    say: z.string(),
  }),
} as const;

export type CommandProgress<N extends keyof typeof commandProgressSchemas> = z.output<(typeof commandProgressSchemas)[N]>;
