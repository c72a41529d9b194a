import type { Clock } from '../clock.js';
import { startProgram } from './child-program.js';
import type { ChildProgram, Ending, Program } from './child-program.js';
import type { Picture } from './picture.js';
import { PpmStream } from './ppm-stream.js';

/** A program that writes PPM pictures to its standard output until it is told to end. */
export interface FrameCommand extends Program {
  /** A second program, whose output the first one reads on its standard input. */
  readonly feeder?: Feeder;
  /** What people call the source of the pictures. */
  readonly source: string;
  /** The largest picture that is accepted, width times height. */
  readonly maxPixels: number;
  /** Takes secrets out of what the programs say. */
  readonly redact: (text: string) => string;
}

export interface Feeder extends Program {
  readonly outputDescriptor: 1 | 3;
  readonly endSignal: 'SIGTERM' | 'SIGINT';
}

export interface FrameProcess {
  /** Settles when the programs have gone and their pictures are delivered; never rejects. */
  readonly ended: Promise<Ending>;
  /** Asks the programs to end, and insists after a grace. Safe to call twice, and after the end. Resolves with `ended`. */
  readonly kill: () => Promise<Ending>;
}

export type StartFrameProcess = (command: FrameCommand, clock: Clock, onPicture: (picture: Picture) => void) => FrameProcess;

/** Starts the program, after the one that feeds it. One that cannot be started has an ending like others. */
export const startFrameProcess: StartFrameProcess = (command, clock, onPicture) => {
  const { feeder, redact } = command;
  const programs: ChildProgram[] = [];
  const kill = async () => {
    await Promise.all(programs.map((program) => program.kill()));
    return ended;
  };

  const source = feeder && startProgram(feeder, { clock, redact, ...feeder });
  if (source) {
    programs.push(source);
    if (source.output === null) return { ended: source.ended, kill: source.kill };
  }
  const decoder = startProgram(command, { clock, redact, input: source?.output ?? undefined });
  programs.push(decoder);
  // Ours is a copy of the descriptor. With it gone, the feeder's next write fails when the decoder ends.
  source?.output?.destroy();

  let damage: string | undefined;
  const pictures = new PpmStream(command.maxPixels, {
    onPicture,
    onDamage(reason) {
      damage = reason;
      void kill();
    },
  });
  decoder.output?.on('data', (chunk: Buffer) => pictures.push(chunk));
  const ended = firstEnding(programs).then((ending): Ending =>
    damage === undefined ? ending : { clean: false, reason: damage },
  );
  return { ended, kill };
};

/** How the first of them ended, when all have: one without the other is of no use, and the first knows the reason. */
async function firstEnding(programs: readonly ChildProgram[]): Promise<Ending> {
  const first = await Promise.race(programs.map(({ ended }) => ended));
  // The feeder's end lets the decoder show what it still has; a feeder without a decoder may hang in its driver.
  await programs[0]?.kill();
  await Promise.all(programs.map(({ ended }) => ended));
  return first;
}
