import type { Clock } from '../clock.js';
import type { Lookout, Sighting, SightedFace } from '../daemon/lookout.js';
import { fault } from '../errors.js';
import { qualityPrompts } from '../faces/quality.js';
import type { Embedding } from '../identity/embedding.js';
import type { CommandProgress } from '../messages/command-answers.js';
import { LOOK_PROMPTS, LOOKS, Sitting, type Look } from './sitting.js';

export interface CaptureOptions {
  readonly name: string;
  readonly lookout: Pick<Lookout, 'onSighting' | 'hold'>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Of two embeddings on the FaceNet scale. */
  readonly distance: (a: Embedding, b: Embedding) => number;
  /** A face whose liveness is known and less than this is no person. */
  readonly minLiveness: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: CommandProgress<'enroll-capture'>) => void;
}

/** A second face counts as somebody else when it is at least this share of the first one's height; others pass far behind. */
const OTHER_SHARE = 0.5;
/** A detector may see a face in a pattern, for one frame. */
const OTHER_FRAMES = 2;
/** The next hint about light, distance or stillness, not sooner. */
const HINT_MS = 1_000;

/**
 * Has the person before the door's camera look this way and that, and keeps the best frame of each look. Meanwhile the door
 * judges nobody: it would deny the one who is being enrolled.
 *
 * @throws FacelatchError CAPTURE_UNFINISHED: time is up, another person appeared, or the door stops
 */
export async function captureLooks(options: CaptureOptions): Promise<readonly Look[]> {
  const { name, lookout, clock, timeoutMs, signal } = options;
  const release = lookout.hold();
  let end: () => void = () => undefined;
  try {
    return await new Promise<readonly Look[]>((resolve, reject) => {
      const watcher = new Watcher(options, resolve, (reason, done) =>
        reject(fault('CAPTURE_UNFINISHED', { name, of: LOOKS.length, done, reason })),
      );
      const unsubscribe = lookout.onSighting((sighting) => watcher.see(sighting));
      const timer = clock.after(timeoutMs, () => watcher.fail(`nothing more within ${timeoutMs / 1_000} s`));
      const stop = () => watcher.fail('the door stops');
      signal.addEventListener('abort', stop, { once: true });
      end = () => {
        unsubscribe();
        timer.cancel();
        signal.removeEventListener('abort', stop);
      };
      if (signal.aborted) stop();
      watcher.ask();
    });
  } finally {
    end();
    release();
  }
}

type Succeed = (looks: readonly Look[]) => void;
type Fail = (reason: string, done: number) => void;

class Watcher {
  readonly #options: CaptureOptions;
  readonly #sitting: Sitting;
  readonly #succeed: Succeed;
  readonly #fail: Fail;
  #others = 0;
  #said = '';
  #hintedAtMs = -Infinity;

  constructor(options: CaptureOptions, succeed: Succeed, fail: Fail) {
    this.#options = options;
    this.#sitting = new Sitting(options.distance);
    this.#succeed = succeed;
    this.#fail = fail;
  }

  fail(reason: string): void {
    this.#fail(reason, this.#sitting.kept.length);
  }

  /** Says what to do next, or that all is done. */
  ask(): void {
    const look = this.#sitting.asked;
    this.#say(look ? LOOK_PROMPTS[look] : 'Done, thank you');
  }

  see({ frame, faces }: Sighting): void {
    const first = faces.at(0);
    const second = faces.at(1);
    if (!first) return;
    if (second && second.detection.box.height >= first.detection.box.height * OTHER_SHARE) {
      if (++this.#others >= OTHER_FRAMES) this.fail('another person appeared');
      return;
    }
    this.#others = 0;
    const hint = hintFor(first, this.#options.minLiveness);
    if (hint !== undefined) {
      this.#hint(hint);
      return;
    }
    const { quality, embedding } = first.observation;
    if (!embedding) return;
    const outcome = this.#sitting.see({ quality, embedding, framePx: frame.heightPx });
    if (outcome === 'stranger') this.fail('another person took the place');
    const { asked } = this.#sitting;
    if (outcome === 'kept') this.ask();
    else if (asked) this.#hint(LOOK_PROMPTS[asked]);
    if (asked === undefined) this.#succeed(this.#sitting.kept);
  }

  #hint(text: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (text === this.#said || nowMs - this.#hintedAtMs < HINT_MS) return;
    this.#hintedAtMs = nowMs;
    this.#say(text);
  }

  #say(say: string): void {
    this.#said = say;
    const look = this.#sitting.asked;
    this.#options.onProgress({ done: this.#sitting.kept.length, of: LOOKS.length, ...(look && { look }), say });
  }
}

/** What the person must mend before the face can be used at all. */
function hintFor({ observation }: SightedFace, minLiveness: number): string | undefined {
  const { quality, liveness } = observation;
  if (quality.rejection) return qualityPrompts[quality.rejection];
  return liveness !== undefined && liveness < minLiveness ? qualityPrompts.turned_away : undefined;
}
