import type { Logger } from 'pino';
import { accessSettings, createAccess } from './access/access.js';
import { createCardDesk } from './access/card-reader/card-desk.js';
import { openCardReaders } from './access/card-reader/open-card-readers.js';
import { SimulatedReader } from './access/card-reader/simulated-reader.js';
import { Announcer } from './announcer.js';
import { MotionGate } from './camera/motion-gate.js';
import { openCamera, prepareCamera } from './camera/open-camera.js';
import type { Pace } from './camera/pacer.js';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import { AdaptiveTemplates, isRefreshment } from './daemon/adaptive-templates.js';
import type { Controls } from './daemon/controls.js';
import { Lookout } from './daemon/lookout.js';
import { openDoor } from './daemon/open-door.js';
import { openMessenger } from './daemon/open-messenger.js';
import { openAuditTrail, openDaemonPeople } from './daemon/open-people.js';
import { openRules } from './daemon/open-rules.js';
import { Parts } from './daemon/parts.js';
import { Retention } from './daemon/retention.js';
import { VitalSigns } from './daemon/vital-signs.js';
import { createSimulatedInputs, type SimulatedInputs } from './door/open-door-inputs.js';
import { reasonOf } from './errors.js';
import type { DoorEvent } from './events.js';
import { rawThresholdOf } from './identity/distance.js';
import { Follower } from './follower.js';
import { createGallery } from './identity/gallery.js';
import { version } from './version.js';
import { openVision, type Vision } from './vision.js';
import { watch, type StopReason } from './watch.js';

export interface DaemonOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of every event, in order, beside MQTT: the terminal of `facelatch run`. */
  readonly onEvent?: (event: DoorEvent) => void;
  /** In this thread unless given. */
  readonly openVision?: () => Promise<Vision>;
  /** Of a folder camera: `every-frame` waits for a slow machine, so that a replay shows the same everywhere. */
  readonly pace?: Pace;
}

export interface Daemon {
  readonly mqttUrl: string;
  readonly config: Config;
  /** Where Prometheus asks; undefined where that is not configured. */
  readonly metricsUrl: string | undefined;
  readonly controls: Controls;
  /** The hands on what is configured as simulated. */
  readonly simulated: { readonly inputs: SimulatedInputs; readonly cards: SimulatedReader };
  /** Resolves when the daemon has stopped: a signal, a camera that has no more to show, a failure. */
  readonly stopped: Promise<StopReason>;
  /** Why the daemon does not do its work now, undefined while it does: what the service manager's watchdog is fed for. */
  unsound(): string | undefined;
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

async function compose(options: DaemonOptions, parts: Parts): Promise<Daemon> {
  const { config, clock, log, onEvent = () => undefined, pace } = options;
  const { openVision: open = () => openVision(config, clock, log) } = options;
  const vitals = parts.add(new VitalSigns(config, clock), (it) => it.stop());
  const announcer = new Announcer(clock, (event) => {
    vitals.event(event);
    onEvent(event);
  });
  const { emit } = announcer;
  const shared = { config, clock, emit };
  const onFault = (reason: string) => emit({ type: 'store_fault', reason });
  const simulated = { inputs: createSimulatedInputs(), cards: new SimulatedReader() };

  // The relay first: it is released before anything else can fail. The audit log is the last to close but for it.
  const door = await openDoor({ ...shared, simulatedInputs: simulated.inputs }, parts);
  const trail = await openAuditTrail(shared, parts);
  const firstStart = await trail.isFirstStart();
  await trail.configuration(config);
  announcer.record(trail);
  const people = await openDaemonPeople({ ...shared, forget: announcer.forget }, trail, parts);
  const { policy, orders } = await openRules({ ...shared, door, people, firstStart }, parts);
  door.start();
  await orders.start();

  // It starts while the models are loaded.
  prepareCamera(config.camera);
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
  const frames = camera.frames();
  const vision = parts.add(await open(), (it) => it.release());
  trail.deciders = { encoder: vision.encoder.id, modelSha256: vision.encoder.sha256 };
  const rawThreshold = rawThresholdOf(vision.encoder);
  const gallery = createGallery(people.all(), vision.encoder, rawThreshold);
  const lookout = new Lookout();
  lookout.onSighting((sighting) => vitals.frame(sighting));
  const { adaptive, nearDuplicateDistance } = config.people;
  const learner = new AdaptiveTemplates({
    ...{ people, gallery, vision, lookout, clock, log },
    rules: { ...adaptive, nearDuplicateDistance, rawThreshold },
  });
  const access = parts.add(
    createAccess(accessSettings(config, rawThreshold), {
      ...{ gallery: () => gallery, policy, clock },
      onVerdict(face) {
        lookout.decided(face);
        learner.decided(face);
      },
      emit(happening) {
        emit(happening);
        if (adaptive.enabled) learner.happened(happening);
      },
    }),
    (it) => it.stop(),
  );
  people.onChange(({ changes }) => {
    gallery.update(changes);
    if (!changes.every(isRefreshment)) access.reset();
    announcer.refresh();
  });
  const controls: Controls = { orders, access, door, people, gallery, vision, lookout };

  const messenger = await openMessenger({ ...shared, log, controls }, parts);
  announcer.open(messenger);
  await vitals.start(messenger);
  announcer.standing(() => ({ ...door.state(), people: people.all().length }));
  const retention = parts.add(new Retention({ people, retentionDays: config.people.retentionDays, clock, onFault }), (it) =>
    it.stop(),
  );
  await retention.start();

  const cards = createCardDesk({
    readers: await openCardReaders(config.cards, { clock, simulated: simulated.cards }),
    people: () => people.all(),
    policy,
    claim: (person) => access.claim(person, 'card'),
    clock,
    emit,
    repeatMs: config.cards.repeatMs,
  });
  parts.add(cards, (it) => it.stop()).start();

  // Before all that looks at its frames.
  parts.add(camera, (it) => it.stop());

  emit({ type: 'started', version: version(), people: people.all().length });
  const again = gallery.toEnrollAgain.map(({ id, name }) => ({ id, name }));
  if (again.length > 0) emit({ type: 'enroll_again', people: again, encoder: vision.encoder.id });

  // The first reason counts: a stopped camera ends the watch as well.
  let stopping: Promise<StopReason> | undefined;
  const end = (reason: StopReason): Promise<StopReason> => {
    stopping ??= (async () => {
      door.stop();
      emit({ type: 'stopped', reason: reason.reason });
      await parts.stop();
      return reason;
    })();
    return stopping;
  };

  let analysedAtMs = clock.monotonicMs();
  const watching = watch(frames, {
    ...{ access, door, lookout, log, emit },
    follower: new Follower(vision, { detectEvery: config.inference.detectEvery, rawThreshold }),
    gate: new MotionGate(config.motionGate, clock),
    onFrame() {
      analysedAtMs = clock.monotonicMs();
      announcer.sawFrame();
    },
  });
  const stopped = watching.catch((error: unknown): StopReason => ({ reason: reasonOf(error), failed: true })).then(end);

  return {
    mqttUrl: messenger.status().connection.url,
    config,
    metricsUrl: vitals.metricsUrl,
    controls,
    simulated,
    stopped,
    unsound() {
      if (!door.isSound()) return 'the relay does not read as it was told, or was told too late';
      const silentMs = clock.monotonicMs() - analysedAtMs;
      if (silentMs > config.watchdog.maxSilenceMs) return `no frame was analysed for ${Math.round(silentMs / 1000)} s`;
      return undefined;
    },
    async stop(reason) {
      await end({ reason, failed: false });
    },
    releaseNow: () => door.releaseNow(),
  };
}
