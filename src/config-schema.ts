import * as z from 'zod';
import { COMMAND_NAMES } from './command-names.js';
import { meeting, scheduleNamed, schedulesSchema } from './schedule-schema.js';

/**
 * Every setting with its limits and its default, in one block. Units stand in the names (Ms, Px, Fps).
 * config/facelatch.yaml shows the same values with the comments that an integrator needs.
 */
const doorId = z.string().regex(/^[a-z0-9-]{1,64}$/, 'expected 1 to 64 characters of a-z, 0-9 and "-"');
const path = z.string().min(1);
const milliseconds = (least: number, most: number) => z.number().int().min(least).max(most);

/** A wait before something is tried again doubles from the least to the greatest. */
const leastBeforeGreatest = (wait: { reconnectMinMs: number; reconnectMaxMs: number }) =>
  wait.reconnectMinMs <= wait.reconnectMaxMs;
const tooLong = { path: ['reconnectMinMs'], error: 'expected at most reconnectMaxMs' };

/** `auto` is the character device where that has the line, otherwise sysfs (docs/door.md). */
const gpioAdapter = z.enum(['auto', 'gpiochip', 'onoff']);

/** One GPIO line of the board. */
const gpioLine = {
  /** The line's offset on its chip (BCM number on a Pi). */
  line: z.number().int().min(0).max(1023),
  /** The label of its GPIO chip, such as pinctrl-bcm2711; found by itself on a Raspberry Pi, a Jetson, and where there is one chip. */
  chipLabel: z.string().min(1).optional(),
};

/** The same for every relay adapter. */
const relayTiming = {
  /** The relay is energised so long at most, in one go; 3 s is what electric strikes are commonly set to. */
  pulseMs: milliseconds(100, 30_000).default(3_000),
  /** The relay is released so long at least between two pulses; relays release within 10 ms. */
  restMs: milliseconds(50, 5_000).default(300),
  /** Release as soon as the door contact opens, so that nobody follows on one grant. */
  relockOnOpening: z.boolean().default(true),
  /** A decision older than this opens nothing. */
  maxGrantAgeMs: milliseconds(100, 10_000).default(1_000),
  /** The line is read back after each write and at least so often. */
  checkMs: milliseconds(100, 60_000).default(1_000),
  /** A line that reads other than it was told for so long is jammed. */
  jammedAfterMs: milliseconds(0, 1_000).default(50),
};

const doorInput = (defaults: { activeLow: boolean; debounceMs: number }) =>
  z
    .discriminatedUnion('adapter', [
      z.strictObject({ adapter: z.literal('none') }),
      z.strictObject({ adapter: z.literal('simulated') }),
      z.strictObject({
        adapter: gpioAdapter,
        ...gpioLine,
        activeLow: z.boolean().default(defaults.activeLow),
        /** The pull resistor inside the chip. sysfs (onoff) cannot set it, and some chips have none. */
        bias: z.enum(['as-is', 'pull-up', 'pull-down', 'disabled']).default('pull-up'),
        /** A level counts once it has been read so long after the edge. */
        debounceMs: milliseconds(0, 1_000).default(defaults.debounceMs),
      }),
    ])
    .prefault({ adapter: 'none' });

/** The same for every camera that is read through one long-lived program. */
const liveCamera = {
  /** No frame for so long is a camera fault, and the process is started anew. */
  stallMs: milliseconds(200, 60_000).default(1_500),
  /** The same picture, byte for byte, or a black one for so long is a fault; 0 for a source that shows stills. */
  frozenMs: milliseconds(0, 60_000).default(1_500),
  /** Clockwise, to be upright. */
  rotateDeg: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]).default(0),
  mirror: z.boolean().default(false),
  /** The part that is looked at, in shares of the upright picture. */
  region: z
    .strictObject({
      left: z.number().min(0).max(0.95).default(0),
      top: z.number().min(0).max(0.95).default(0),
      width: z.number().min(0.05).max(1).default(1),
      height: z.number().min(0.05).max(1).default(1),
    })
    .refine(({ left, top, width, height }) => left + width < 1.001 && top + height < 1.001, 'expected a part inside the picture')
    .prefault({}),
  reconnectMinMs: milliseconds(50, 60_000).default(500),
  reconnectMaxMs: milliseconds(100, 600_000).default(15_000),
};

/**
 * A camera on the board's own connector. The image processor makes frames of exactly this size: 640 is a multiple of 64, as are 320,
 * 768, 1024, 1280; at other widths the rows are padded. Every sensor has so many pixels.
 */
const csiCamera = {
  /** Which of several cameras, as the vendor's tools number them. */
  index: z.number().int().min(0).max(15).default(0),
  fps: z.number().min(0.1).max(60).default(10),
  widthPx: z.number().int().min(64).max(1280).multipleOf(64, 'expected a multiple of 64').default(640),
  heightPx: z.number().int().min(64).max(1024).multipleOf(2, 'expected an even number').default(480),
  ...liveCamera,
};

const settings = z.strictObject({
  door: z
    .strictObject({
      /** Part of every MQTT topic. */
      id: doorId.default('front-door'),
      name: z.string().min(1).max(80).default('Front door'),
      /** The schedule during which the lock is held released, and the one during which nobody is let in by face. */
      openDuring: z.string().optional(),
      lockdownDuring: z.string().optional(),
    })
    .prefault({}),

  /** Weekly hours by name, for doors and people (docs/access.md). */
  schedules: schedulesSchema.prefault({}),

  camera: z
    .discriminatedUnion('adapter', [
      z.strictObject({
        adapter: z.literal('folder'),
        /** A directory of pictures, played in the order of their names. */
        path,
        fps: z.number().min(0.1).max(120).default(10),
        loop: z.boolean().default(true),
      }),
      z
        .strictObject({
          adapter: z.literal('ffmpeg'),
          /** /dev/video0, a video file, rtsp://... or http://... (MJPEG). */
          input: z.string().min(1),
          fps: z.number().min(0.1).max(60).default(10),
          /** Frames are scaled down to fit into this, keeping their aspect. */
          widthPx: z.number().int().min(64).max(3840).default(640),
          heightPx: z.number().int().min(64).max(2160).default(480),
          ...liveCamera,
        })
        .refine(leastBeforeGreatest, tooLong),
      /** A Raspberry Pi's camera, by rpicam-vid. */
      z
        .strictObject({
          adapter: z.literal('rpicam'),
          ...csiCamera,
          /** Without it the smallest mode that is large enough, and of many a sensor that shows a part of the view only. */
          sensorMode: z
            .string()
            .regex(/^\d{2,5}:\d{2,5}(:\d{1,2}(:[PU])?)?$/, 'expected a mode such as 1640:1232 or 1640:1232:10:P')
            .optional(),
        })
        .refine(leastBeforeGreatest, tooLong),
      /** A Jetson's camera, by GStreamer's nvarguscamerasrc. */
      z
        .strictObject({
          adapter: z.literal('jetson-csi'),
          ...csiCamera,
          /** The number of the mode among those that nvarguscamerasrc lists when it starts. */
          sensorMode: z.number().int().min(0).max(31).optional(),
        })
        .refine(leastBeforeGreatest, tooLong),
      z.strictObject({
        adapter: z.literal('webcam'),
        device: z
          .string()
          .regex(/^\/dev\/video[0-9]{1,3}$/, 'expected a device such as /dev/video0')
          .default('/dev/video0'),
        fps: z.number().min(0.1).max(5).default(1),
        widthPx: z.number().int().min(64).max(3840).default(640),
        heightPx: z.number().int().min(64).max(2160).default(480),
      }),
    ])
    .prefault({ adapter: 'ffmpeg', input: '/dev/video0' }),

  /** Frames in which nothing moves cost no inference while nobody is there. */
  motionGate: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** The picture has changed where the mean brightness of a 32 x 24th part of it differs by so much, of 255. */
      minChange: z.number().min(1).max(100).default(6),
      /** A frame is analysed so often at least. */
      everyMs: milliseconds(100, 10_000).default(1_000),
    })
    .prefault({}),

  /** Pictures larger than this are refused before they are decoded: a 1.4 MB JPEG can claim 256 million pixels. */
  maxPicturePixels: z.number().int().min(10_000).max(100_000_000).default(25_000_000),

  inference: z
    .strictObject({
      /** Where the model files and their manifest stand; the installed models/ folder unless set. */
      modelsFolder: path.optional(),
      encoder: z.string().min(1).default('mobilefacenet-arcface'),
      /** Tried in this order; the first that loads is used. */
      executionProviders: z
        .array(z.enum(['tensorrt', 'cuda', 'webgpu', 'xnnpack', 'cpu']))
        .min(1)
        .default(['cpu']),
      /** Refuse to start rather than fall back to another provider. */
      requireProvider: z.enum(['tensorrt', 'cuda', 'webgpu', 'xnnpack', 'cpu']).optional(),
      /** `auto`: as many as `facelatch tune` found worth while on this machine, one where it was not run (docs/performance.md). */
      threads: z.union([z.literal('auto'), z.number().int().min(1).max(64)]).default('auto'),
      /** Where `facelatch tune` keeps the models in the form that is quickest here; the service's or the user's cache unless set. */
      tunedFolder: path.optional(),
      /** Tune at the first start, and again after a change of processor, runtime or models: a few seconds. */
      tuneAtStart: z.boolean().default(true),
      /**
       * The detector looks at every so many frames at least; a face that it found is followed by its landmarks in between
       * (docs/performance.md). Not above access.agreeFrames by default: every grant rests on a frame that the detector saw.
       */
      detectEvery: z.number().int().min(1).max(30).default(3),
    })
    .prefault({}),

  people: z
    .strictObject({
      file: path.default('state/people.json'),
      /** Good generations kept beside the file (people.json.1 is the latest). */
      generations: z.number().int().min(1).max(100).default(3),
      /** At most one of these three; with it the file is encrypted. 32 random bytes, raw, in hexadecimal or in base64. */
      keyFile: path.optional(),
      /** The name of a systemd credential (LoadCredential=) with such a key. */
      keyCredential: z
        .string()
        .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/, 'expected the name of a credential, without a path')
        .optional(),
      passphraseFile: path.optional(),
      /** Templates of one person closer than this (raw L2 of unit vectors) tell nothing new and are not stored twice. */
      nearDuplicateDistance: z.number().min(0).max(1).default(0.1),
      /** What "people prune" leaves each person: the templates that differ most. */
      maxTemplates: z.number().int().min(1).max(100).default(10),
      /** So long after the end of their access (validUntil) people are forgotten; `never` keeps them. */
      retentionDays: z.union([z.number().int().min(0).max(36_500), z.literal('never')]).default(30),
      /** A very sure grant renews one template of the person; those that were enrolled stay (docs/people-file.md). */
      adaptive: z
        .strictObject({
          enabled: z.boolean().default(false),
          /** From an enrolled template (FaceNet scale): half of what opens the door. */
          maxDistance: z.number().min(0.05).max(0.5).default(0.35),
          minQuality: z.number().min(0).max(1).default(0.5),
          /** Of the passive score; without passive liveness nothing is learnt. */
          minLiveness: z.number().min(0.5).max(1).default(0.9),
          /** Between two renewals of one person: each writes the file. */
          everyDays: z.number().min(1).max(365).default(7),
        })
        .prefault({}),
    })
    .refine(
      ({ keyFile, keyCredential, passphraseFile }) =>
        [keyFile, keyCredential, passphraseFile].filter((source) => source !== undefined).length <= 1,
      'expected at most one of keyFile, keyCredential and passphraseFile',
    )
    .prefault({}),

  access: z
    .strictObject({
      /**
       * recognition: 1:K, and 1:1 for the next presentation after a `verify` command. verification: 1:1 only, against the
       * identity that a card or a command claimed. either: 1:K, and 1:1 after a card or a command. both: a card and the face
       * of its bearer, nothing else. A card alone opens in none of them.
       */
      mode: z.enum(['recognition', 'verification', 'either', 'both']).default('recognition'),
      /** The door opens below this L2 distance on the FaceNet scale; stricter is possible, laxer is not. */
      threshold: z.number().min(0.1).max(0.7).default(0.7),
      /** A grant needs so many of the last windowFrames to name the same person: 0.3 s at 10 fps. */
      agreeFrames: z.number().int().min(1).max(30).default(3),
      windowFrames: z.number().int().min(1).max(60).default(5),
      /** A face that was judged so often without agreement is denied: 1 s at 10 fps. */
      denyFrames: z.number().int().min(1).max(120).default(10),
      /** The next other person must lie so much further away (FaceNet scale). */
      minMargin: z.number().min(0).max(0.5).default(0.05),
      /** A face unseen for so long has left, and what was seen of it expires. */
      expireMs: milliseconds(100, 10_000).default(1_000),
      /** A face that stays before the door is judged anew so long after its verdict. */
      againMs: milliseconds(500, 600_000).default(5_000),
      /** A claimed identity (a card, a command) stands for so long. */
      claimMs: milliseconds(1_000, 120_000).default(15_000),
      /** A frame older than this when it has been analysed opens nothing. */
      maxFrameAgeMs: milliseconds(100, 10_000).default(1_000),
      /** Boxes of one face overlap at least so much from frame to frame (IoU), unless the embeddings speak for it. */
      minOverlap: z.number().min(0.05).max(0.95).default(0.3),
      /** A face that moves less than this from frame to frame (FaceNet scale) is still the same; beyond, another took its place. */
      maxStepDistance: z.number().min(0.2).max(0.7).default(0.6),
    })
    .refine((access) => access.agreeFrames <= access.windowFrames && access.windowFrames <= access.denyFrames, {
      message: 'expected agreeFrames <= windowFrames <= denyFrames',
    })
    .prefault({}),

  /**
   * What a face must be like to be encoded. A face beyond a limit is followed, but has no vote, and the person is told what to do.
   * Measured on 50 photographs that were shrunk, blurred, darkened, brightened and turned (docs/liveness.md): beyond these limits
   * the encoder knows fewer than about 19 of 20 people again. It never took one person for another there.
   */
  quality: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Height of the detector's box. 96 % are known again at 51 px, 91 % at 44. */
      minFacePx: z.number().int().min(20).max(1000).default(60),
      /** About 1 for a sharp face. 96 % are known again at 0.73, 62 % at 0.56. */
      minSharpness: z.number().min(0).max(2).default(0.6),
      /** Mean luma, 0..255. 97 % are known again at 38, but below that living people begin to look like prints. */
      minBrightness: z.number().min(0).max(255).default(35),
      /** Share of the face that is burnt out. 90 % are known again at 0.2, 75 % at 0.4. */
      maxClippedShare: z.number().min(0).max(1).default(0.3),
      /** To the left or right; the encoder was measured up to 38 degrees. */
      maxYawDeg: z.number().min(5).max(90).default(40),
      /** Up or down; measured up to 25 degrees. */
      maxPitchDeg: z.number().min(5).max(90).default(30),
      /** Towards a shoulder: alignment takes it out. 97 % are known again at 40 degrees, 73 % at 50 and more. */
      maxRollDeg: z.number().min(5).max(90).default(50),
    })
    .prefault({}),

  /** Whether a living person stands before the camera, not a print or a screen (docs/liveness.md). */
  liveness: z
    .strictObject({
      /** Score every frame by a network; a face that is encoded costs half as much again. */
      passive: z.boolean().default(true),
      /** The least mean score of a presentation's last frames, 0..1. At 0.5 99 of 100 photographs of living people pass one by one. */
      minScore: z.number().min(0.05).max(0.99).default(0.5),
      /**
       * Ask somebody who was recognised to blink or to turn the head, chosen at random, before the door opens. It needs a display
       * or a voice that says what `challenge` events ask for.
       */
      challenge: z.enum(['never', 'when_doubtful', 'always']).default('never'),
      /** With when_doubtful, a mean score below this is doubtful. */
      sureScore: z.number().min(0.05).max(0.999).default(0.9),
      /**
       * So many actions one after the other, each another than the one before. Of flat pictures that somebody moved 3 in 1,215
       * attempts passed a single one, none in 2,430 passed two (docs/liveness.md).
       */
      challengeActions: z.number().int().min(1).max(3).default(2),
      /** From each prompt to its end; the words take 2 s to read, the head 1 s to turn and to come back. */
      challengeMs: milliseconds(2_000, 60_000).default(8_000),
    })
    .refine((liveness) => liveness.minScore <= liveness.sureScore, { path: ['sureScore'], error: 'expected at least minScore' })
    .refine((liveness) => liveness.passive || liveness.challenge !== 'when_doubtful', {
      path: ['challenge'],
      error: 'expected always or never where passive is off: without a score nothing is doubtful',
    })
    .prefault({}),

  /**
   * NIST SP 800-63B-4 section 3.2.3: no more than 5 consecutive failed attempts of a biometric, or 10 with presentation attack
   * detection, and then a delay of at least 30 seconds before each further one. Its overall limit (50 or 100, then the biometric
   * is disabled) is left out: anybody in the street could put the door out of order. The doubled delays bound the attempts instead,
   * to 4 an hour.
   */
  lockout: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** So many consecutive denials (unknown, spoof, too far, failed challenge or card) begin it; 5, or 10 with liveness, unless lower. */
      failures: z.number().int().min(1).max(10).optional(),
      firstMs: milliseconds(30_000, 3_600_000).default(30_000),
      /** Each further failure doubles the delay up to this. A grant ends the series. */
      maxMs: milliseconds(30_000, 86_400_000).default(900_000),
      /** Beside the people file unless set; only its owner may write it. */
      file: path.optional(),
    })
    .refine((lockout) => lockout.firstMs <= lockout.maxMs, { path: ['firstMs'], error: 'expected at most maxMs' })
    .prefault({}),

  cards: z
    .strictObject({
      readers: z
        .array(
          z.discriminatedUnion('adapter', [
            /** Cards that are typed into `facelatch run --simulate`. */
            z.strictObject({ adapter: z.literal('simulated') }),
            /** A file of lines such as "1500 04A2B3C4": milliseconds since start, and the card. */
            z.strictObject({ adapter: z.literal('replayed'), path }),
            /** A reader that types, such as /dev/input/by-id/usb-...-event-kbd. */
            z.strictObject({ adapter: z.literal('keyboard'), device: path }),
            /** A reader on a serial port that sends a line for each card, such as /dev/serial/by-id/... */
            z.strictObject({
              adapter: z.literal('serial'),
              device: path,
              baud: z.number().int().min(300).max(921_600).default(9_600),
            }),
            /** Anything else that yields a line of text for each card: a FIFO, a hidraw device, a terminal set up elsewhere. */
            z.strictObject({ adapter: z.literal('lines'), path }),
          ]),
        )
        .max(8)
        .default([]),
      /** Readers repeat a card that is held before them: the same one within this time is one reading. */
      repeatMs: milliseconds(0, 60_000).default(2_000),
      /** A reader that has gone is tried again after the least wait, which doubles up to the greatest. */
      reconnectMinMs: milliseconds(50, 60_000).default(500),
      reconnectMaxMs: milliseconds(100, 600_000).default(15_000),
    })
    .refine(leastBeforeGreatest, tooLong)
    .prefault({}),

  audit: z
    .strictObject({
      /** Hash-chained JSON Lines of what happened, without names, images and embeddings (docs/audit.md). Beside the people file unless set. */
      folder: path.optional(),
      /** A new file begins with each UTC day, and when one has this size. */
      maxFileBytes: z.number().int().min(10_000).max(1_000_000_000).default(10_000_000),
      /** Beyond this all files together lose the oldest. */
      maxTotalBytes: z.number().int().min(100_000).max(100_000_000_000).default(500_000_000),
      retentionDays: z.number().int().min(1).max(36_500).default(365),
    })
    .refine((audit) => audit.maxFileBytes * 4 <= audit.maxTotalBytes, {
      path: ['maxTotalBytes'],
      error: 'expected at least four times maxFileBytes',
    })
    .prefault({}),

  relay: z
    .discriminatedUnion('adapter', [
      z.strictObject({ adapter: z.literal('simulated'), ...relayTiming }),
      z.strictObject({ adapter: gpioAdapter, ...gpioLine, activeLow: z.boolean().default(false), ...relayTiming }),
    ])
    .prefault({ adapter: 'simulated' }),

  doorInputs: z
    .strictObject({
      /** Active while the door is open: a closed contact pulls its line low, and a cut wire reads as open. */
      contact: doorInput({ activeLow: false, debounceMs: 50 }),
      /** Active while pressed: the button pulls its line low. */
      exitButton: doorInput({ activeLow: true, debounceMs: 30 }),
      /** Active while tampered with: the intact loop pulls its line low, and a cut one counts as tampered with. */
      tamper: doorInput({ activeLow: false, debounceMs: 50 }),
      /** An opening so long after the relay was released was still allowed: contacts are debounced, and people pull late. */
      forcedOpenGraceMs: milliseconds(0, 10_000).default(1_000),
      heldOpenWarningMs: milliseconds(1_000, 3_600_000).default(20_000),
      heldOpenAlarmMs: milliseconds(1_000, 3_600_000).default(40_000),
      /** Whether the exit button releases the lock in lockdown as well. Nobody may be locked in: see docs/door.md before changing it. */
      exitButtonInLockdown: z.boolean().default(true),
    })
    .refine((inputs) => inputs.heldOpenWarningMs <= inputs.heldOpenAlarmMs, {
      path: ['heldOpenWarningMs'],
      error: 'expected at most heldOpenAlarmMs',
    })
    .prefault({}),

  mqtt: z
    .strictObject({
      /** mqtt://, mqtts://, ws:// or wss://. Without it a broker inside the process listens on loopback. */
      url: z
        .string()
        .regex(/^(mqtts?|wss?):\/\/.+/, 'expected a URL such as mqtts://broker.example:8883')
        // A URL is printed in logs and reports; a password must not be.
        .regex(/^[^@]*$/, 'expected no user or password in the URL; use username and passwordFile')
        .optional(),
      /** Unique on the broker; facelatch-<door> unless set. */
      clientId: z.string().min(1).max(128).optional(),
      username: z.string().min(1).optional(),
      /** A file whose first line is the password; read at every connection, so that it may change. */
      passwordFile: path.optional(),
      /** For mqtts:// and wss://; PEM files, read at every connection, so that certificates may be renewed. */
      tls: z
        .strictObject({
          /** The authority that signed the broker's certificate; the system's authorities unless set. */
          caFile: path.optional(),
          /** This door's own certificate and key, where the broker asks for them. */
          certFile: path.optional(),
          keyFile: path.optional(),
        })
        .refine((tls) => (tls.certFile === undefined) === (tls.keyFile === undefined), 'expected certFile and keyFile together')
        .optional(),
      /** Port of the broker inside the process, on 127.0.0.1; 0 takes any free one. */
      embeddedPort: z.number().int().min(0).max(65_535).default(1883),
      keepAliveSeconds: z.number().int().min(5).max(600).default(30),
      /** The first wait before connecting again; it doubles up to the greatest, each with jitter. */
      reconnectMinMs: milliseconds(100, 600_000).default(1_000),
      reconnectMaxMs: milliseconds(100, 600_000).default(60_000),
      /** Who may command this door over MQTT; nobody unless a key stands here (docs/mqtt.md). */
      commands: z
        .strictObject({
          keys: z
            .array(
              z.strictObject({
                kid: z.string().regex(/^[a-z0-9-]{1,64}$/, 'expected 1 to 64 characters of a-z, 0-9 and "-"'),
                /** As `facelatch keys new` prints it. */
                publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected 32 bytes in base64url'),
                commands: z.array(z.enum(COMMAND_NAMES)).min(1),
              }),
            )
            .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'expected each kid once')
            .default([]),
          /** Of `enroll` and `restore`; all others have 8 KiB. Ten photographs of 900 kB fit. */
          maxBytes: z.number().int().min(65_536).max(33_000_000).default(16_777_216),
          perSecond: z.number().min(0.1).max(1_000).default(5),
          burst: z.number().int().min(1).max(10_000).default(20),
          /** A nonce that nobody uses is replaced after this. */
          nonceSeconds: z.number().int().min(5).max(3_600).default(60),
        })
        .prefault({}),
      /** Figures on the health topic so often. */
      healthSeconds: z.number().int().min(5).max(3_600).default(60),
      /** A picture of each decision's face, on the snapshot topic; nowhere unless set. */
      snapshots: z.boolean().default(false),
      homeAssistant: z
        .strictObject({
          /** Announce the door to Home Assistant on the same broker. */
          enabled: z.boolean().default(false),
          /** It cannot sign: whoever may publish on the broker could then open the door (docs/mqtt.md). Locking is always taken. */
          allowUnlock: z.boolean().default(false),
        })
        .prefault({}),
      /** Events that wait for the broker. Beyond these limits the oldest of the least value go, and a `dropped` event says how many. */
      outbox: z
        .strictObject({
          /** Written before an event is published; only its owner may read it. Beside the people file unless set. */
          file: path.optional(),
          maxEvents: z.number().int().min(10).max(1_000_000).default(20_000),
          maxBytes: z.number().int().min(10_000).max(1_000_000_000).default(8_000_000),
          /** Counted while the door runs, so that a clock that jumps by years loses nothing. */
          maxAgeDays: z.number().min(0.01).max(3_650).default(30),
        })
        .prefault({}),
    })
    .refine((mqtt) => mqtt.tls === undefined || /^(mqtts|wss):/.test(mqtt.url ?? ''), {
      path: ['tls'],
      error: 'expected a url that starts with mqtts:// or wss://, or no tls section',
    })
    .refine((mqtt) => mqtt.passwordFile === undefined || mqtt.username !== undefined, {
      path: ['passwordFile'],
      // MQTT 3.1.1 clause 3.1.2.9: no password without a user name.
      error: 'expected a username beside it',
    })
    .refine(leastBeforeGreatest, tooLong)
    .prefault({}),

  watchdog: z
    .strictObject({
      /**
       * When no frame was analysed for so long, because none came or the models hang, systemd's watchdog is fed no more and starts
       * the daemon anew. Longer than a camera takes to come back by itself (camera.reconnectMaxMs).
       */
      maxSilenceMs: milliseconds(2_000, 3_600_000).default(30_000),
    })
    .prefault({}),

  metrics: z
    .strictObject({
      /** `http://127.0.0.1:<port>/metrics` for Prometheus; none unless set, 0 takes any free one. */
      port: z.number().int().min(0).max(65_535).optional(),
    })
    .prefault({}),

  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
    })
    .prefault({}),
});

export const configSchema = settings
  .superRefine(wiredOnce)
  .superRefine(({ door, schedules }, context) => {
    for (const setting of ['openDuring', 'lockdownDuring'] as const) {
      const name = door[setting];
      if (name === undefined || scheduleNamed(schedules, name)) continue;
      const known = Object.keys(schedules).join(', ') || 'none is configured';
      const message = `expected the name of a schedule (${known})`;
      context.addIssue({ code: 'custom', path: ['door', setting], input: name, message });
    }
    const open = door.openDuring === undefined ? undefined : scheduleNamed(schedules, door.openDuring);
    const lockdown = door.lockdownDuring === undefined ? undefined : scheduleNamed(schedules, door.lockdownDuring);
    const clash = open && lockdown && meeting(open, lockdown);
    if (clash === undefined) return;
    const message = `expected a schedule that openDuring never meets, but both hold ${clash}`;
    context.addIssue({ code: 'custom', path: ['door', 'lockdownDuring'], input: door.lockdownDuring, message });
  })
  .superRefine(({ access, cards }, context) => {
    const { mode } = access;
    if (cards.readers.length > 0 && mode === 'recognition') {
      const message = 'expected verification, either or both where there are card readers';
      context.addIssue({ code: 'custom', path: ['access', 'mode'], input: mode, message });
    }
    if (cards.readers.length === 0 && mode === 'both') {
      const message = 'expected a card reader in cards.readers beside this mode: nobody could enter';
      context.addIssue({ code: 'custom', path: ['access', 'mode'], input: mode, message });
    }
  });

function wiredOnce({ relay, doorInputs }: z.output<typeof settings>, context: z.RefinementCtx): void {
  const { contact, exitButton, tamper } = doorInputs;
  const wired = Object.entries({ relay, contact, exitButton, tamper }).flatMap(([name, wire]) =>
    'line' in wire ? [{ name, line: wire.line, chip: wire.chipLabel }] : [],
  );
  for (const [index, one] of wired.entries()) {
    const other = wired.slice(0, index).find(({ line, chip }) => line === one.line && (chip ?? one.chip) === (one.chip ?? chip));
    if (!other) continue;
    const path = ['doorInputs', one.name, 'line'];
    context.addIssue({ code: 'custom', path, input: one.line, message: `expected a line of its own, not that of ${other.name}` });
  }
}

type DeepReadonly<T> = T extends (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The whole configuration, parsed once. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;
