import { describe, expect, it, onTestFinished } from 'vitest';
import type { CommandName } from '../../src/command-names.js';
import type { Happening } from '../../src/events.js';
import { CommandDesk, type CommandHandler } from '../../src/messages/command-desk.js';
import type { CommandResponse } from '../../src/messages/command-schemas.js';
import { topicsOf } from '../../src/messages/topics.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { makeKey, signed } from './commands-support.js';
import { mqttConfig, RecordingLog } from './support.js';

const ops = makeKey('ops-1');
const guest = makeKey('guest', ['snapshot']);
const topics = topicsOf('front-door');

function openDesk({ handle = () => Promise.resolve(undefined), recorded = () => Promise.resolve() }: Partial<Desk> = {}) {
  const clock = new FakeClock();
  const told: Happening[] = [];
  const answers: CommandResponse[] = [];
  const desk = new CommandDesk({
    config: mqttConfig({ commands: { keys: [ops.config, guest.config], perSecond: 1_000, burst: 1_000 } }).commands,
    ...{ door: 'front-door', topics, clock, log: new RecordingLog(), handle, recorded },
    emit: (happening) => told.push(happening),
    reply: ({ payload }) => answers.push(JSON.parse(payload.toString()) as CommandResponse),
    onNonce: () => undefined,
  });
  desk.start();
  onTestFinished(() => desk.stop());
  const command = (name: CommandName, { key } = ops, id = 'c-1') =>
    desk.receive({
      topic: topics.request(name),
      payload: signed(key, { command: name, nonce: desk.nonce, id }),
      retained: false,
    });
  return { clock, told, answers, command };
}

interface Desk {
  readonly handle: CommandHandler;
  readonly recorded: () => Promise<unknown>;
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

describe('the command desk', () => {
  it('keeps nobody from a lockdown by commands that wait, and tells of those that it has no time for', async () => {
    const done: string[] = [];
    const { told, answers, command } = openDesk({
      handle: ({ name }) => {
        done.push(name);
        return name === 'snapshot' ? new Promise(() => undefined) : Promise.resolve({});
      },
    });
    for (let count = 0; count < 20; count++) command('snapshot', guest, `s-${count}`);
    for (const name of ['lockdown', 'lock', 'unlock', 'resume'] as const) command(name, ops, name);
    await turns();
    expect(done.filter((name) => name === 'snapshot')).toHaveLength(8);
    expect(done.slice(8)).toEqual(['lockdown', 'lock', 'unlock', 'resume']);
    expect(answers.filter(({ status }) => status === 'ok').map(({ id }) => id)).toEqual(['lockdown', 'lock', 'unlock', 'resume']);
    expect(answers.filter(({ status }) => status === 'error')).toHaveLength(12);
    expect(told).toContainEqual({ type: 'command_rejected', command: 'snapshot', reason: 'busy' });
  });

  it('answers when the command is on record, not before, and not much later where the disk hangs', async () => {
    let record: () => void = () => undefined;
    const { clock, told, answers, command } = openDesk({ recorded: () => new Promise<void>((resolve) => (record = resolve)) });
    command('unlock');
    await turns();
    expect(told).toMatchObject([{ type: 'command_accepted' }]);
    expect(answers).toEqual([]);
    record();
    await turns();
    expect(answers).toMatchObject([{ status: 'ok' }]);
    command('lock');
    await turns();
    expect(answers).toHaveLength(1);
    clock.advance(2_000);
    await turns();
    expect(answers).toHaveLength(2);
  });
});
