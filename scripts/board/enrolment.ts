import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { portrait, resident, strangers, type Sitter } from '../demo/visitors.js';
import { SLOW_MS, type Board } from './board.js';
import { differenceOf, type Exported } from './embeddings.js';
import { seconds } from './progress.js';

/** Who is enrolled, each from one photograph; `strangers[0]` stays a stranger. */
const people: Readonly<Record<string, Sitter>> = { Ada: resident.enrolled, Ben: strangers[1], Cem: strangers[2] };
/** What embeddings of x64 and arm64 may differ by, in one component and as a distance. */
const MOST_DIFFERENCE = 1e-3;

/** Photographs of `folder`, and where the board's people stand. */
export class Enrolment {
  readonly #board: Board;
  readonly #photographs: string;
  readonly #folder: string;
  /** Whose enrolment the board has acknowledged. */
  readonly #acknowledged = new Set<string>();
  /** From the command that was taken to the acknowledgement. */
  #tookMs = 0;

  constructor(board: Board, photographs: string, folder: string) {
    this.#board = board;
    this.#photographs = photographs;
    this.#folder = folder;
  }

  /** Enrolls everybody on the board, by signed commands over MQTT. */
  async overMqtt(): Promise<string> {
    for (const [name, sitter] of Object.entries(people)) {
      const sentMs = performance.now();
      await this.#board.door.send('enroll', name, await this.#picture(name, sitter), '--largest-face');
      const { atMs: takenMs } = await this.#board.door.until(['command_accepted'], sentMs, SLOW_MS);
      const { atMs } = await this.#board.door.until(['enrolled'], sentMs, SLOW_MS);
      this.#tookMs = atMs - takenMs;
      this.#acknowledged.add(name);
    }
    return `${Object.keys(people).join(', ')}; the last one within ${seconds(this.#tookMs)} of its command`;
  }

  /** Enrolls the same photographs on this machine as well, and compares what both have stored. */
  async embeddingsAgree(): Promise<string> {
    const { door, machine } = this.#board;
    for (const [name, sitter] of Object.entries(people)) {
      await door.facelatch('enroll', name, await this.#picture(name, sitter), '--largest-face');
    }
    const ours = join(this.#folder, 'export.json');
    await door.facelatch('people', 'export', ours);
    const theirs = await machine.agent.must(
      'cd /var/lib/facelatch && facelatch people export export.json >/dev/null && cat export.json && rm export.json',
    );
    const { component, distance } = differenceOf(
      JSON.parse(await readFile(ours, 'utf8')) as Exported,
      JSON.parse(theirs) as Exported,
    );
    const detail = `${Object.keys(people).length} embeddings: components differ by ${component.toExponential(1)} at most, L2 ${distance.toExponential(1)}`;
    if (distance > MOST_DIFFERENCE)
      throw new Error(`expected ${MOST_DIFFERENCE} at most between ${process.arch} and arm64, received ${detail}`);
    return `${process.arch} and arm64, ${detail}`;
  }

  /** The power is cut while the board is writing what an enrolment changes. */
  async powerCutWhileWriting(name: string): Promise<string> {
    const { door, machine } = this.#board;
    const sentMs = performance.now();
    const sent = this.#enroll(name);
    const { atMs: takenMs } = await door.until(['command_accepted'], sentMs, SLOW_MS);
    // The first half is looking at the photograph; what is synced then is the record of the command.
    while (performance.now() - takenMs < this.#tookMs / 2) await machine.flushes();
    const before = await machine.flushes();
    while ((await machine.flushes()) === before)
      if (performance.now() - takenMs > SLOW_MS) throw new Error('expected a write, saw none');
    await this.#board.cutPower();
    const cutMs = performance.now();
    await sent;
    return `cut ${seconds(cutMs - takenMs)} after the command, at a sync of the disk; ${await this.#afterTheCut(name)}`;
  }

  /** The power is cut as soon as an enrolment is acknowledged: it must be there afterwards. */
  async powerCutWhenAcknowledged(name: string): Promise<string> {
    const sentMs = performance.now();
    const sent = this.#enroll(name);
    await this.#board.door.until(['enrolled'], sentMs, SLOW_MS);
    await this.#board.cutPower();
    this.#acknowledged.add(name);
    await sent;
    return `cut when the enrolment was told; ${await this.#afterTheCut(name)}`;
  }

  /** Resolves however it ends: the board is switched off meanwhile. */
  async #enroll(name: string): Promise<unknown> {
    const photograph = await this.#picture(name, strangers[0]);
    return this.#board.door.send('enroll', name, photograph, '--largest-face', '--force').catch(() => undefined);
  }

  async #afterTheCut(name: string): Promise<string> {
    const onMs = performance.now();
    await this.#board.powerOn();
    await this.#board.untilBooted();
    const readyMs = await this.#board.untilReady(onMs);
    const { agent } = this.#board.machine;
    const list = JSON.parse(await agent.must('facelatch --json people list')) as { name: string }[];
    const names = list.map((person) => person.name);
    const missing = [...this.#acknowledged].filter((known) => !names.includes(known));
    const invented = names.filter((found) => !this.#acknowledged.has(found) && found !== name);
    if (missing.length > 0 || invented.length > 0) {
      throw new Error(
        `expected ${[...this.#acknowledged].join(', ')} and perhaps ${name} in the people file, received ${names.join(', ')}`,
      );
    }
    const faults = this.#board.door.since(onMs).filter(({ event }) => event.type === 'store_fault');
    const files = (await agent.must('ls /var/lib/facelatch')).split('\n').filter((file) => file.startsWith('people.json'));
    if (faults.length > 0)
      throw new Error(`expected a whole people file, received ${JSON.stringify(faults)} beside ${files.join(', ')}`);
    if (names.includes(name)) this.#acknowledged.add(name);
    return `the people file is whole, ${name} is ${names.includes(name) ? 'in' : 'not in'} it; ready by itself ${seconds(readyMs)} after power-on`;
  }

  async #picture(name: string, sitter: Sitter): Promise<string> {
    const file = join(this.#folder, `${name}.jpg`);
    await writeFile(file, await portrait(this.#photographs, sitter));
    return file;
  }
}
