import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { describe, expect, it } from 'vitest';
import { asyncApiText } from '../../scripts/asyncapi/text.js';
import { COMMAND_NAMES } from '../../src/command-names.js';
import { doorEventSchema } from '../../src/messages/schemas.js';
import { bodyOf, makeKey, signed } from './commands-support.js';
import { asyncApiPath, problemWith, problemWithBody } from './published.js';
import { doorState, granted, stamp } from './support.js';

const committed = readFileSync(asyncApiPath, 'utf8');
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const event = 'facelatch/front-door/event';

describe('docs/asyncapi.yaml', () => {
  it('is what the schemas of the code make (npm run asyncapi)', () => {
    expect(committed).toBe(asyncApiText());
  });

  it('is valid AsyncAPI 3, by its own parser', async () => {
    const { document, diagnostics } = await new Parser().parse(committed);
    const errors = diagnostics
      .filter(({ severity }) => [0].includes(severity))
      .map(({ message, path }) => `${path.join('.')}: ${message}`);
    expect(errors).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
    // What the parser understood is the whole interface: a request and a response for each command.
    const addresses =
      document
        ?.channels()
        .all()
        .map((channel) => channel.address()) ?? [];
    for (const command of COMMAND_NAMES) {
      expect(addresses).toContain(`facelatch/{door}/request/${command}`);
      expect(addresses).toContain(`facelatch/{door}/response/${command}`);
    }
    expect(addresses).toHaveLength(COMMAND_NAMES.length * 2 + 7);
  }, 60_000);

  it('accepts what a door says and refuses anything else, as the code does', () => {
    expect(problemWith(event, json(granted()))).toBeUndefined();
    expect(problemWith('facelatch/front-door/state', json(doorState))).toBeUndefined();
    expect(problemWith('facelatch/front-door/availability', Buffer.from('online'))).toBeUndefined();
    const wrong: unknown[] = [
      { ...granted(), embedding: [1, 2] },
      { ...granted(), distance: -1 },
      { ...granted(), eventId: 'one' },
      { ...granted(), time: 'yesterday' },
      { ...granted(), person: undefined },
      stamp({ type: 'denied', reason: 'bored' } as never),
    ];
    for (const value of wrong) {
      expect(problemWith(event, json(value))).toBeDefined();
      expect(doorEventSchema.safeParse(JSON.parse(JSON.stringify(value))).success).toBe(false);
    }
    expect(problemWith('facelatch/front-door/availability', Buffer.from('maybe'))).toBeDefined();
    expect(problemWith('facelatch/front-door/diary', json({}))).toBeDefined();
    expect(problemWith(event, Buffer.from('{'))).toBeDefined();
  });

  it('describes signed requests and what is in them', () => {
    const { key } = makeKey();
    expect(problemWith('facelatch/front-door/request/unlock', signed(key))).toBeUndefined();
    expect(problemWith('facelatch/front-door/request/unlock', json(bodyOf()))).toBeDefined();
    expect(problemWithBody(bodyOf())).toBeUndefined();
    expect(problemWithBody(bodyOf({ command: 'enroll-capture', args: { name: 'Kian' } }))).toBeUndefined();
    expect(problemWithBody(bodyOf({ command: 'enroll', args: { name: 'Kian', photographs: [] } }))).toBeDefined();
    expect(problemWithBody(bodyOf({ args: { pulseMs: 9_000_000 } }))).toBeDefined();
  });
});
