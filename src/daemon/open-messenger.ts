import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { reasonOf } from '../errors.js';
import type { Emit } from '../events.js';
import { createMessenger, type Messenger } from '../messages/messenger.js';
import { openOutbox } from '../outbox-file.js';
import { createCommandHandler } from '../remote/handler.js';
import { faceJpegOf } from '../remote/pictures.js';
import { version } from '../version.js';
import type { Controls } from './controls.js';
import type { Parts } from './parts.js';

interface Needs {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly emit: Emit;
  readonly controls: Controls;
}

/**
 * What the door says and hears over MQTT, started: events by way of the disk, commands by way of the controls.
 *
 * @throws FacelatchError PORT_TAKEN, BROKER_UNAVAILABLE (both of the broker inside the process), SECRET_UNREADABLE
 */
export async function openMessenger({ config, clock, log, emit, controls }: Needs, parts: Parts): Promise<Messenger> {
  const { mqtt, door } = config;
  const stopping = new AbortController();
  const handle = createCommandHandler({ ...controls, config, clock, signal: stopping.signal });
  const messenger = createMessenger({
    config: mqtt,
    doorId: door.id,
    doorName: door.name,
    version: version(),
    journal: openOutbox(config),
    commands: { emit, handle },
    clock,
    log,
  });
  parts.add(messenger, (it) => it.stop());
  // Before the messenger: whoever waits for an answer still gets one.
  parts.add(stopping, (it) => it.abort());
  await messenger.start();
  if (mqtt.snapshots) {
    controls.lookout.onDecision(({ frame, box }) => {
      faceJpegOf(frame, box).then(
        (jpeg) => messenger.publishSnapshot(jpeg),
        (error: unknown) => log.warn({ reason: reasonOf(error) }, 'the picture of a decision could not be made'),
      );
    });
  }
  return messenger;
}
