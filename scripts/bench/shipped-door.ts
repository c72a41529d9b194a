import { spawn } from 'node:child_process';
import mqtt from 'mqtt';
import { cli, type DoorFolder } from './door-folder.js';

/** The daemon in a process of its own, as a user starts it. */
export interface ShippedDoor {
  readonly pid: number;
  /** From the start of the process to its `started` event, ms. */
  readonly readyMs: number;
  /** From the start of the process to the state that tells of the first analysed frame, ms. Rejects when the door ends before. */
  readonly firstFrameMs: Promise<number>;
  stop(): Promise<void>;
}

const CONNECT_EVERY_MS = 5;

/** Starts the daemon of a folder and waits until it is ready. */
export async function startShippedDoor({ path, mqttPort }: DoorFolder): Promise<ShippedDoor> {
  const env = { ...process.env, FACELATCH_LOG: 'error' };
  const start = performance.now();
  const since = () => performance.now() - start;
  const door = spawn(cli, ['run', '--json'], { cwd: path, stdio: ['ignore', 'pipe', 'inherit'], env });
  const closed = new Promise((resolve) => door.once('close', resolve));
  const ended = new Promise<never>((_, reject) => {
    door.once('close', (status) => reject(new Error(`the daemon ended with status ${status ?? 'none'} before it was ready`)));
  });
  // Its broker tells from outside when the first frame was analysed: the camera's health is unknown until then.
  const listener = mqtt.connect(`mqtt://127.0.0.1:${mqttPort}`, { reconnectPeriod: CONNECT_EVERY_MS });
  listener.on('error', () => undefined).subscribe('facelatch/+/state');
  const analysed = new Promise<number>((resolve) => {
    listener.on('message', (_, payload) => {
      const { health } = JSON.parse(payload.toString()) as { health: { camera: string } };
      if (health.camera === 'ok') resolve(since());
    });
  });
  const firstFrameMs = Promise.race([analysed, ended]).finally(() => void listener.endAsync(true));
  firstFrameMs.catch(() => undefined);
  const ready = new Promise<number>((resolve) => {
    door.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('"type":"started"')) resolve(since());
    });
  });
  const readyMs = await Promise.race([ready, ended]);
  return {
    ...{ pid: door.pid ?? 0, readyMs, firstFrameMs },
    async stop() {
      await listener.endAsync(true);
      door.kill('SIGTERM');
      await closed;
    },
  };
}
