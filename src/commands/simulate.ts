import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Obeyed } from '../access/door-orders.js';
import type { Config } from '../config.js';
import type { Daemon } from '../daemon.js';
import { fault, FacelatchError } from '../errors.js';

/** The configuration with everything in memory that would otherwise be wired to the door; the camera stays. */
export function simulatedDoor(config: Config): Config {
  const { pulseMs, restMs, relockOnOpening, maxGrantAgeMs, checkMs, jammedAfterMs } = config.relay;
  const simulated = { adapter: 'simulated' } as const;
  return {
    ...config,
    relay: { ...simulated, pulseMs, restMs, relockOnOpening, maxGrantAgeMs, checkMs, jammedAfterMs },
    doorInputs: { ...config.doorInputs, contact: simulated, exitButton: simulated, tamper: simulated },
    cards: { ...config.cards, readers: config.access.mode === 'recognition' ? [] : [simulated] },
  };
}

const HELP = `contact open|closed   the door leaf opens, closes
exit                  the exit button is pressed
tamper on|off         the tamper loop is cut, is whole again
card ID               a card is held before the reader
unlock                an operator unlocks for one pulse
lock                  an operator locks
lockdown              nobody is let in by face until resume
resume                back to what the schedule says
help                  these lines`;

type Hands = Pick<Daemon, 'config' | 'controls' | 'simulated'>;

/**
 * Does what each line says, as it comes.
 *
 * @param hands of the daemon that runs now
 */
export function simulate(input: Readable, hands: () => Hands, say: (text: string, error?: FacelatchError) => void): void {
  // Without a terminal's editing, which would take Ctrl-C to itself.
  createInterface({ input, terminal: false }).on('line', (line) => {
    const words = line.trim().split(/\s+/).join(' ');
    if (words === '') return;
    if (words === 'help') {
      say(HELP);
      return;
    }
    try {
      act(words, hands());
    } catch (error) {
      if (!(error instanceof FacelatchError)) throw error;
      say(error.message, error);
    }
  });
}

/** @throws FacelatchError USAGE, COMMAND_REFUSED */
function act(words: string, hands: Hands): void {
  const { access, door } = hands.config;
  const [first, ...rest] = words.split(' ');
  if (first === 'card' && rest.length > 0) {
    if (access.mode === 'recognition') {
      throw fault('USAGE', { problem: 'expected access.mode verification, either or both for a card, received recognition' });
    }
    hands.simulated.cards.present(rest.join(' '));
    return;
  }
  const action = actions(hands).find(([name]) => name === words)?.[1];
  if (!action) throw fault('USAGE', { problem: `expected a line such as "contact open" (help lists them), received "${words}"` });
  const outcome = action();
  if (!outcome || outcome.done) return;
  const message = 'it stays as it is';
  throw fault('COMMAND_REFUSED', { command: words, door: door.id, code: outcome.refused, message });
}

function actions({ controls: { orders }, simulated: { inputs } }: Hands): [string, () => Obeyed | undefined][] {
  const done = (action: () => void) => () => {
    action();
    return undefined;
  };
  const press = () => {
    inputs.exitButton.set(true);
    inputs.exitButton.set(false);
  };
  return [
    ['contact open', done(() => inputs.contact.set(true))],
    ['contact closed', done(() => inputs.contact.set(false))],
    ['exit', done(press)],
    ['tamper on', done(() => inputs.tamper.set(true))],
    ['tamper off', done(() => inputs.tamper.set(false))],
    ['unlock', () => orders.unlock()],
    ['lock', done(() => orders.lock())],
    ['lockdown', done(() => orders.lockdown())],
    ['resume', () => orders.resume()],
  ];
}
