import * as z from 'zod';
import type { DoorEvent } from '../events.js';

/**
 * What the door says: its state and its events, as they stand on the wire. The AsyncAPI document is made of these schemas,
 * and the compiler checks at the end of this file that an event's schema and its type in events.ts are the same.
 */
const health = z.enum(['ok', 'fault', 'unknown']);

export const doorStateSchema = z.strictObject({
  lock: z.enum(['LOCKED', 'UNLOCKED', 'JAMMED']),
  /** `unknown` where no contact is wired. */
  contact: z.enum(['open', 'closed', 'unknown']),
  mode: z.enum(['normal', 'lockdown', 'open']),
  health: z.strictObject({ camera: health, model: health, relay: health, store: health }),
  /** How many people are enrolled. */
  people: z.int().min(0),
  /** 16 random bytes, base64url: what the next command must repeat. Absent where no key may command. */
  nonce: z.exactOptional(z.string().regex(/^[A-Za-z0-9_-]{22}$/)),
});

/** The payload of the `state` topic. */
export type DoorState = z.output<typeof doorStateSchema>;

export const availabilitySchema = z.enum(['online', 'offline']);

const person = z.strictObject({ id: z.string(), name: z.string() });
const durationMs = z.number().min(0);

/** In every event. */
const stamp = { eventId: z.uuidv7(), time: z.iso.datetime() };

const comparison = {
  mode: z.enum(['recognition', 'verification']),
  distance: z.exactOptional(z.number().min(0)),
  similarity: z.exactOptional(z.number().min(0).max(1)),
  threshold: z.number().min(0),
  liveness: z.exactOptional(z.number().min(0).max(1)),
  track: z.int().min(0),
};

export const denyReasonSchema = z.enum([
  'unknown',
  'too_far',
  'spoof',
  'challenge_failed',
  'outside_schedule',
  'locked_out',
  'ambiguous',
  'expired',
  'lockdown',
  'unknown_card',
]);

const qualityRejection = z.enum(['cut_off', 'too_small', 'too_dark', 'too_bright', 'turned_away', 'blurred']);

const challengeAction = z.enum(['blink', 'turn_left', 'turn_right']);

const event = <T extends string, S extends z.core.$ZodShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), ...stamp, ...shape });

export const doorEventSchema = z.discriminatedUnion('type', [
  event('granted', { person, ...comparison }),
  event('denied', {
    reason: denyReasonSchema,
    person: z.exactOptional(person),
    claimed: z.exactOptional(person),
    ...comparison,
  }),
  event('challenge', { action: challengeAction, prompt: z.string(), timeoutMs: durationMs, track: z.int().min(0) }),
  event('challenge_passed', { action: challengeAction, prompt: z.string(), track: z.int().min(0) }),
  event('guidance', { reason: qualityRejection, prompt: z.string(), track: z.int().min(0) }),
  event('card_accepted', { person, card: z.string(), reader: z.string() }),
  event('card_denied', { reason: denyReasonSchema, person: z.exactOptional(person), card: z.string(), reader: z.string() }),
  event('reader_fault', { reader: z.string(), reason: z.string() }),
  event('reader_ok', { reader: z.string() }),
  event('unlocked', {
    cause: z.enum(['face', 'command', 'exit_button', 'schedule']),
    person: z.exactOptional(person),
    pulseMs: z.exactOptional(durationMs),
  }),
  event('unlock_refused', { reason: z.string(), person: z.exactOptional(person) }),
  event('locked', {
    cause: z.enum(['timeout', 'opened', 'command', 'schedule', 'fault', 'stop']),
    durationMs: z.exactOptional(durationMs),
  }),
  event('opened', {}),
  event('closed', { durationMs }),
  event('forced_open', {}),
  event('held_open', { level: z.enum(['warning', 'alarm']), durationMs }),
  event('exit_button', {}),
  event('tamper', { active: z.boolean() }),
  event('jammed', {}),
  event('camera_fault', { reason: z.string() }),
  event('camera_ok', {}),
  event('relay_fault', { reason: z.string() }),
  event('relay_ok', {}),
  event('input_fault', { input: z.enum(['contact', 'exit_button', 'tamper']), reason: z.string() }),
  event('store_fault', { reason: z.string() }),
  event('enrolled', { person, templates: z.int().min(1) }),
  event('removed', { person }),
  event('enroll_again', { people: z.array(person), encoder: z.string() }),
  event('lockout', { durationMs, failures: z.int().min(1) }),
  event('lockdown', { active: z.boolean() }),
  event('command_accepted', { command: z.string(), id: z.string(), kid: z.string() }),
  event('command_rejected', { command: z.string(), reason: z.string(), count: z.exactOptional(z.int().min(2)) }),
  event('dropped', { count: z.int().min(1), from: z.iso.datetime(), to: z.iso.datetime() }),
  event('started', { version: z.string(), people: z.int().min(0) }),
  event('stopped', { reason: z.string() }),
]);

type Plain<T> = T extends readonly (infer U)[]
  ? readonly Plain<U>[]
  : T extends object
    ? { readonly [K in keyof T]: Plain<T[K]> }
    : T;
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the only way to ask whether two types are the same
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Assert<T extends true> = T;

/** Does not compile where this file and events.ts differ in a type, a field or whether the field may be absent. */
export type SchemaAgreesWithEvents = Assert<Same<Plain<z.output<typeof doorEventSchema>>, Plain<DoorEvent>>>;
