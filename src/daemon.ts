import type { Logger } from 'pino';
import { dirname, join } from 'node:path';
import { createAccess } from './access/access.js';
import { LockoutFile } from './access/lockout-file.js';
import { lockoutRules, openLockout } from './access/lockout.js';
import { createPolicy } from './access/policy.js';
import { Announcer } from './announcer.js';
import { openCamera } from './camera/open-camera.js';
import type { Pace } from './camera/pacer.js';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import { createDoor, doorSettings } from './door/door.js';
import { createSimulatedInputs, openDoorInputs, type SimulatedInputs } from './door/open-door-inputs.js';
import { openRelay } from './door/open-relay.js';
import { reasonOf } from './errors.js';
import type { DoorEvent } from './events.js';
import { rawThresholdOf } from './identity/distance.js';
import { createGallery } from './identity/gallery.js';
import { nodeDisk } from './identity/people-file/disk.js';
import { openPeople } from './identity/people.js';
import { createMessenger } from './messages/messenger.js';
import { version } from './version.js';
import { openVision } from './vision.js';
import { watch, type StopReason } from './watch.js';

export interface DaemonOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of every event, in order, beside MQTT: the terminal of `facelatch run`. */
  readonly onEvent?: (event: DoorEvent) => void;
  /** Of a folder camera: `every-frame` waits for a slow machine, so that a replay shows the same everywhere. */
  readonly pace?: Pace;
}

export interface Daemon {
  readonly mqttUrl: string;
  /** The hands on the door inputs that are configured as simulated. */
  readonly simulatedInputs: SimulatedInputs;
  /** Resolves when the daemon has stopped: a signal, a camera that has no more to show, a failure. */
  readonly stopped: Promise<StopReason>;
  /** Safe to call twice. */
  stop(reason: string): Promise<void>;
  /** Synchronous, for exit handlers: the relay is released, whatever else is going on. */
  releaseNow(): void;
}

/**
 * The composition root: builds the parts in order, moves each frame along the way, and stops in the reverse order.
 *
 * @throws FacelatchError when a part that the door cannot do without cannot be had (models, people file, relay, a taken port)
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const parts = new Parts(options.log);
  try {
    return await compose(options, parts);
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function compose({ config, clock, log, onEvent = () => undefined, pace }: DaemonOptions, parts: Parts): Promise<Daemon> {
  const announcer = new Announcer(clock, onEvent);
  const { emit } = announcer;

  // The relay first: it is released before anything else can fail.
  const relay = parts.add(await openRelay(config.relay, clock), (it) => it.close());
  const simulatedInputs = createSimulatedInputs();
  const inputs = await openDoorInputs(config.doorInputs, { clock, simulated: simulatedInputs });
  const door = parts.add(createDoor({ relay, inputs, clock, emit, settings: doorSettings(config) }), (it) => it.stop());
  door.start();

  const people = parts.add(
    await openPeople({
      ...config.people,
      create: false,
      hold: true,
      clock,
      onFault: (reason) => emit({ type: 'store_fault', reason }),
    }),
    (it) => it.close(),
  );
  const vision = parts.add(await openVision(config.inference, clock, log), (it) => it.release());

  const rawThreshold = rawThresholdOf(vision.encoder);
  const galleryNow = () => createGallery(people.all(), vision.encoder.id, rawThreshold);
  let gallery = galleryNow();
  const lockoutFile = new LockoutFile(config.lockout.file ?? join(dirname(config.people.file), 'lockout.json'), nodeDisk);
  const lockout = parts.add(
    await openLockout({ rules: lockoutRules(config.lockout, false), file: lockoutFile, clock, emit, firstStart: true }),
    (it) => it.stop(),
  );
  const policy = createPolicy({
    schedules: config.schedules,
    find: (id) => people.find(id),
    doorMode: () => door.state().mode,
    lockout,
    clock,
  });
  const access = parts.add(
    createAccess({ ...config.access, rawThreshold }, { gallery: () => gallery, policy, clock, emit }),
    (it) => it.stop(),
  );
  people.onChange(() => {
    gallery = galleryNow();
    access.reset();
    announcer.refresh();
  });

  const messenger = parts.add(createMessenger({ config: config.mqtt, doorId: config.door.id, clock, log }), (it) => it.stop());
  await messenger.start();
  announcer.open(messenger);
  announcer.standing(() => ({ ...door.state(), people: people.all().length }));

  const camera = parts.add(
    openCamera(config.camera, {
      clock,
      maxPicturePixels: config.maxPicturePixels,
      ...(pace && { pace }),
      listener: {
        onFault: (reason) => emit({ type: 'camera_fault', reason }),
        onRecovered: () => emit({ type: 'camera_ok' }),
      },
    }),
    (it) => it.stop(),
  );

  emit({ type: 'started', version: version(), people: people.all().length });
  const again = gallery.toEnrollAgain.map(({ id, name }) => ({ id, name }));
  if (again.length > 0) emit({ type: 'enroll_again', people: again, encoder: vision.encoder.id });

  // The first reason counts: a stopped camera ends the watch as well.
  let stopping: Promise<StopReason> | undefined;
  const end = (reason: StopReason): Promise<StopReason> => {
    stopping ??= (async () => {
      door.releaseNow();
      emit({ type: 'stopped', reason: reason.reason });
      await parts.stop();
      return reason;
    })();
    return stopping;
  };

  const onFrame = () => announcer.sawFrame();
  const watching = watch(camera, { vision, access, door, minFacePx: config.access.minFacePx, log, onFrame });
  const stopped = watching.catch((error: unknown): StopReason => ({ reason: reasonOf(error), failed: true })).then(end);

  return {
    mqttUrl: messenger.status().connection.url,
    simulatedInputs,
    stopped,
    async stop(reason) {
      await end({ reason, failed: false });
    },
    releaseNow: () => door.releaseNow(),
  };
}

/** What was built, to be stopped in the reverse order; one part that cannot be stopped does not keep the others. */
class Parts {
  readonly #log: Logger;
  #stops: (() => unknown)[] = [];

  constructor(log: Logger) {
    this.#log = log;
  }

  add<T>(part: T, stop: (part: T) => unknown): T {
    this.#stops.push(() => stop(part));
    return part;
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        this.#log.error({ reason: reasonOf(error) }, 'a part could not be stopped');
      }
    }
  }
}
