import { styleText } from 'node:util';
import type { DoorEvent, PersonRef } from '../events.js';
import { decimals } from './output.js';

type Style = Parameters<typeof styleText>[0];

/** One event as a line for somebody who watches the terminal. */
export function eventLine(event: DoorEvent, colour: boolean): string {
  const [style, word, detail] = words(event);
  const paint = (text: string) => (colour ? styleText(style, text) : text);
  return `${event.time.slice(11, 23)}  ${paint(word.padEnd(13))}  ${detail}`.trimEnd();
}

function words(event: DoorEvent): [Style, string, string] {
  switch (event.type) {
    case 'granted':
      return ['green', 'GRANTED', `${event.person.name}, ${comparison(event)}`];
    case 'denied':
      return [
        'red',
        'DENIED',
        `${event.reason.replaceAll('_', ' ')}${who(event.person)}${event.claimed && !event.person ? `: not ${event.claimed.name}` : ''}, ${comparison(event)}`,
      ];
    case 'challenge':
    case 'challenge_passed':
      return [
        'cyan',
        'CHALLENGE',
        `${event.prompt} (${event.action.replaceAll('_', ' ')}${event.type === 'challenge' ? '' : ': done'})`,
      ];
    case 'guidance':
      return ['cyan', 'GUIDANCE', `${event.prompt} (${event.reason.replaceAll('_', ' ')})`];
    case 'unlocked':
      return [
        'green',
        'UNLOCKED',
        `by ${event.cause.replaceAll('_', ' ')}${who(event.person)}${milliseconds(' for ', event.pulseMs)}`,
      ];
    case 'locked':
      return ['blue', 'LOCKED', `by ${event.cause}${milliseconds(' after ', event.durationMs)}`];
    case 'started':
      return [
        'bold',
        'STARTED',
        `facelatch ${event.version}, ${event.people} ${event.people === 1 ? 'person' : 'people'} enrolled`,
      ];
    case 'enroll_again':
      return ['yellow', 'ENROLL AGAIN', `${event.people.map(({ name }) => name).join(', ')}: no template of ${event.encoder}`];
    default: {
      const { type, eventId: _id, time: _time, ...rest } = event;
      return [
        /fault|forced|held|tamper|jammed|lockout/.test(type) ? 'yellow' : 'bold',
        type.replaceAll('_', ' ').toUpperCase(),
        fields(rest),
      ];
    }
  }
}

function comparison({ distance, threshold, mode }: Extract<DoorEvent, { type: 'granted' | 'denied' }>): string {
  const far = distance === undefined ? 'nobody to compare with' : `distance ${decimals(distance)}`;
  return `${far} (opens below ${decimals(threshold)}${mode === 'verification' ? ', 1:1' : ''})`;
}

const who = (person?: PersonRef) => (person ? ` of ${person.name}` : '');
const milliseconds = (before: string, ms?: number) => (ms === undefined ? '' : `${before}${(ms / 1000).toFixed(1)} s`);

function fields(rest: object): string {
  return Object.entries(rest)
    .map(([name, value]: [string, unknown]) => {
      if (name === 'active') return value === true ? 'on' : 'off';
      if (name === 'reason' || name === 'level') return String(value).replaceAll('_', ' ');
      if (typeof value === 'object' && value !== null && 'name' in value) return String(value.name);
      if (name.endsWith('Ms') && typeof value === 'number') return `${(value / 1000).toFixed(1)} s`;
      return `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`;
    })
    .join(', ');
}
