/** The door's id on MQTT. */
export const DOOR = 'board';
/** Its line on the controller. QEMU's `virt` machine has its power button on line 3. */
export const LINE = 5;
/** The longest that the configuration allows: whatever has to happen in mid-pulse comes late under emulation. */
export const PULSE_MS = 30_000;
/** 10 s on a door. Under emulation feeding it alone takes seconds. */
export const WATCHDOG_SECONDS = 120;

export type Adapter = 'onoff' | 'gpiochip';

export interface Signer {
  readonly kid: string;
  readonly publicKey: string;
  readonly commands: readonly string[];
}

/** /etc/facelatch/facelatch.yaml (JSON is YAML). What differs from the defaults is there for an emulator that is 20 to 100 times slower. */
export function doorConfig(adapter: Adapter, cameraUrl: string, signer: Signer): string {
  const config = {
    door: { id: DOOR, name: 'Emulated board' },
    // A frame takes seconds. The stream shows stills.
    camera: {
      adapter: 'ffmpeg',
      input: cameraUrl,
      fps: 1,
      stallMs: 60_000,
      frozenMs: 0,
      reconnectMinMs: 500,
      reconnectMaxMs: 2_000,
    },
    motionGate: { everyMs: 10_000 },
    people: { file: '/var/lib/facelatch/people.json' },
    // A frame with a face was seen to take 7 s, and the configuration allows no older one than 10.
    access: {
      ...{ agreeFrames: 2, windowFrames: 2, denyFrames: 2 },
      ...{ expireMs: 10_000, maxFrameAgeMs: 10_000, againMs: 600_000 },
    },
    // Photographs play the visitors: passive liveness is there to keep photographs out.
    liveness: { passive: false },
    // What is quickest under emulation says nothing about a board.
    inference: { tuneAtStart: false },
    relay: { adapter, line: LINE, pulseMs: PULSE_MS, maxGrantAgeMs: 10_000, jammedAfterMs: 1_000 },
    mqtt: { url: 'mqtt://127.0.0.1:1883', keepAliveSeconds: 300, commands: { keys: [signer], nonceSeconds: 600 } },
    watchdog: { maxSilenceMs: 300_000 },
  };
  return JSON.stringify(config, null, 2);
}

/** A drop-in for the unit: times only, the sandbox is that of the package. */
export const UNIT_DROP_IN = `[Service]
WatchdogSec=${WATCHDOG_SECONDS}
TimeoutStartSec=900
TimeoutStopSec=120
`;
