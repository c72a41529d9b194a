/**
 * A door that does nothing but make events, to be killed at any moment (outbox-kill.test.ts). Arguments: the broker's URL, the
 * journal's path, the first track number, how many. Prints `written <track>` when the journal says that it is on the disk, and
 * `empty` when all has been acknowledged.
 */
import { v7 as uuidv7 } from 'uuid';
import { systemClock } from '../../src/clock.js';
import { configSchema } from '../../src/config-schema.js';
import type { DoorEvent } from '../../src/events.js';
import { FileJournal } from '../../src/messages/file-journal.js';
import { createMessenger } from '../../src/messages/messenger.js';
import type { Entry } from '../../src/messages/outbox-queue.js';

const [url = '', path = '', first = '0', count = '0'] = process.argv.slice(2);

class TellingJournal extends FileJournal {
  override async write(added: readonly Entry[], gone: readonly number[], clockMs: number): Promise<void> {
    await super.write(added, gone, clockMs);
    for (const { json } of added) console.log(`written ${(JSON.parse(json) as { track: number }).track}`);
  }
}

const quiet = () => undefined;
const messenger = createMessenger({
  config: configSchema.parse({ mqtt: { url, reconnectMinMs: 100, reconnectMaxMs: 100 } }).mqtt,
  doorId: 'front-door',
  clock: systemClock,
  log: { debug: quiet, info: quiet, warn: quiet, error: console.error },
  journal: new TellingJournal(path),
});
await messenger.start();
for (let made = 0; made < Number(count); made++) {
  const event: DoorEvent = {
    type: 'denied',
    reason: 'unknown',
    mode: 'recognition',
    threshold: 0.7,
    track: Number(first) + made,
    eventId: uuidv7(),
    time: new Date().toISOString(),
  };
  messenger.publishEvent(event);
  if (made % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 1));
}
setInterval(() => {
  if (messenger.status().outbox.events === 0) console.log('empty');
}, 20);
