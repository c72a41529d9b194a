/**
 * A process of the crash test: enrolls and removes people, several at a time, and says on standard output what it is about
 * to do and what was acknowledged, until somebody kills it. `pause` and `resume` on standard input.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/clock.js';
import { FacelatchError, reasonOf } from '../../src/errors.js';
import { openPeople, type People } from '../../src/identity/people.js';
import { randomFrom, templateOf } from './workload.js';

/** What a worker says, one JSON line each. */
export type Said =
  | { readonly say: 'ready' | 'paused' }
  | { readonly say: 'try' | 'done'; readonly what: 'add' | 'remove'; readonly name: string }
  | { readonly say: 'failed'; readonly name: string; readonly code: string; readonly reason: string }
  | { readonly say: 'fault'; readonly reason: string };

const LOOPS = 3;
/** So the file stays small while thousands come and go. */
const MOST_PEOPLE = 5;

const [role, file, prefix, seed, passphrase] = process.argv.slice(2);
const random = randomFrom(Number(seed));
// Straight to the pipe: what was written before a kill is read after it.
const say = (said: Said) => writeSync(1, `${JSON.stringify(said)}\n`);

const people = await openPeople({
  file,
  create: false,
  hold: role === 'daemon',
  clock: systemClock,
  ...(passphrase ? { key: { passphrase } } : {}),
  onFault: (reason) => say({ say: 'fault', reason }),
});

let gate = Promise.resolve();
let open: (() => void) | undefined;
let busy = 0;
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'pause') {
    gate = new Promise((resolve) => (open = resolve));
    if (busy === 0) say({ say: 'paused' });
  } else {
    open?.();
    open = undefined;
  }
});

say({ say: 'ready' });
await Promise.all(Array.from({ length: LOOPS }, (_, i) => loop(people, `${prefix}-${i}-`)));

async function loop(all: People, start: string): Promise<never> {
  // The people of the process before this one, which was killed, go on from where it left them.
  const own = all
    .all()
    .filter(({ name }) => name.startsWith(start))
    .map(({ name }) => name);
  for (let n = 0; ; n++) {
    await gate;
    busy++;
    const adding = own.length === 0 || (own.length < MOST_PEOPLE && random() < 0.6);
    const name = adding ? `${start}${seed}-${n}` : own.splice(Math.floor(random() * own.length), 1)[0];
    const what = adding ? 'add' : 'remove';
    say({ say: 'try', what, name });
    try {
      if (adding) await all.add({ name, templates: [templateOf(name)] });
      else await all.remove(all.get(name).id);
      say({ say: 'done', what, name });
      if (adding) own.push(name);
    } catch (error) {
      say({ say: 'failed', name, code: error instanceof FacelatchError ? error.code : '', reason: reasonOf(error) });
    }
    busy--;
    if (open && busy === 0) say({ say: 'paused' });
  }
}
