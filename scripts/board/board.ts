import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DoorClient, freePort } from './door-client.js';
import { doorConfig, LINE, UNIT_DROP_IN, type Adapter, type Signer } from './door-config.js';
import { LineWatch } from './line-watch.js';
import { Machine } from './machine.js';
import { NetworkCamera } from './network-camera.js';
import { say, seconds } from './progress.js';

/** A busy machine boots the board in minutes. */
export const BOOT_MS = 900_000;
/** For whatever the daemon does under emulation: a start, a decision. */
export const SLOW_MS = 600_000;
const TELL_EVERY_MS = 30_000;

/** The board with facelatch on it, and everything of this machine that belongs to it. */
export class Board {
  readonly machine: Machine;
  readonly door: DoorClient;
  readonly camera: NetworkCamera;
  readonly #cameraUrl: string;
  readonly #signer: Signer;
  #line: LineWatch;

  private constructor(machine: Machine, door: DoorClient, camera: NetworkCamera, cameraUrl: string, signer: Signer) {
    this.machine = machine;
    this.door = door;
    this.camera = camera;
    this.#cameraUrl = cameraUrl;
    this.#signer = signer;
    this.#line = this.#watch();
  }

  /** @param deb the folder with the Debian package. `folder` is thrown away with the board. */
  static async create(options: {
    root: string;
    image: string;
    deb: string;
    photographs: string;
    folder: string;
  }): Promise<Board> {
    const { root, image, deb, photographs, folder } = options;
    const disk = join(folder, 'disk.img');
    await copyFile(join(image, 'disk.img'), disk, constants.COPYFILE_FICLONE);
    await mkdir(join(folder, 'shared'));
    for (const file of await readdir(deb))
      if (file.endsWith('.deb')) await copyFile(join(deb, file), join(folder, 'shared', file));
    await writeFile(join(folder, 'host.yaml'), hostConfig(folder));
    const brokerPort = await freePort();
    const machine = new Machine({ image, disk, folder, shared: join(folder, 'shared'), brokerPort });
    const door = new DoorClient(root, folder, brokerPort);
    const signer = await door.newKey();
    const { camera, url } = await NetworkCamera.start(photographs);
    return new Board(machine, door, camera, url, signer);
  }

  /** The relay's line, from outside. */
  get line(): LineWatch {
    return this.#line;
  }

  async powerOn(): Promise<void> {
    await this.machine.powerOn();
    this.#line = this.#watch();
    this.#line.start();
  }

  /** The emulator is killed. */
  async cutPower(): Promise<void> {
    await this.machine.cutPower();
    await this.#line.stop();
  }

  /** Everything that was started has ended. */
  async stop(): Promise<void> {
    await this.door.stop();
    await this.cutPower();
    await this.camera.stop();
  }

  /** Waits until commands can be run on the board. */
  untilBooted(): Promise<void> {
    return until(
      'the board to boot',
      BOOT_MS,
      () => this.machine.agent.answers(5_000),
      () => this.machine.console(1),
    );
  }

  async install(): Promise<void> {
    const { agent } = this.machine;
    await agent.must('mount -t 9p -o trans=virtio,version=9p2000.L,ro host /mnt');
    await agent.must('dpkg --install /mnt/facelatch_*_arm64.deb', { withinMs: 1_800_000 });
    await agent.must(
      'mkdir -p /etc/systemd/system/facelatch.service.d && cat >/etc/systemd/system/facelatch.service.d/board.conf',
      {
        input: UNIT_DROP_IN,
      },
    );
    await agent.must('systemctl daemon-reload');
  }

  async configure(adapter: Adapter): Promise<void> {
    const input = doorConfig(adapter, this.#cameraUrl, this.#signer);
    await this.machine.agent.must('cat >/etc/facelatch/facelatch.yaml', { input });
  }

  /** Waits until the daemon has started since `sinceMs`, and systemd calls its unit active. @returns how long after `sinceMs` */
  async untilReady(sinceMs: number): Promise<number> {
    const { atMs } = await this.door.until(['started'], sinceMs, SLOW_MS);
    await until('the unit to be active', SLOW_MS, async () => (await this.#show('ActiveState')) === 'active');
    return atMs - sinceMs;
  }

  mainPid(): Promise<string> {
    return this.#show('MainPID');
  }

  /** The tail of what the daemon and the console have said. */
  async says(): Promise<string> {
    const { agent } = this.machine;
    const daemon = (await agent.answers(5_000))
      ? (await agent.run('systemctl status --no-pager --lines=30 facelatch')).stdout
      : 'the board does not answer';
    return `--- daemon\n${daemon}\n--- console\n${await this.machine.console(15)}`;
  }

  async #show(property: string): Promise<string> {
    return (await this.machine.agent.must(`systemctl show --property=${property} --value facelatch`)).trim();
  }

  #watch(): LineWatch {
    return new LineWatch(() => this.machine.isHigh(LINE));
  }
}

/** Waits until `holds`, and says now and then that it still waits. @throws Error when it takes longer than `withinMs` */
export async function until(
  what: string,
  withinMs: number,
  holds: () => Promise<boolean>,
  where: () => Promise<string> = () => Promise.resolve(''),
): Promise<void> {
  const startedMs = performance.now();
  let toldMs = startedMs;
  while (!(await holds())) {
    const nowMs = performance.now();
    if (nowMs - startedMs > withinMs) throw new Error(`waited ${seconds(withinMs)} for ${what}`);
    if (nowMs - toldMs > TELL_EVERY_MS) {
      toldMs = nowMs;
      say(`  waiting for ${what}: ${seconds(nowMs - startedMs)}  ${await where()}`.trimEnd());
    }
    await sleep(500);
  }
}

/** For this machine's own command line: its people are those of the comparison with the board's. */
function hostConfig(folder: string): string {
  const inference = { tuneAtStart: false, tunedFolder: join(folder, 'tuned') };
  return JSON.stringify({ people: { file: join(folder, 'people.json') }, inference });
}
