import type { Logger } from 'pino';
import type { Access, SeenFace } from './access/access.js';
import type { Frame } from './camera/frame.js';
import type { MotionGate } from './camera/motion-gate.js';
import type { Lookout, SightedFace } from './daemon/lookout.js';
import type { Door } from './door/door.js';
import { reasonOf } from './errors.js';
import type { Emit } from './events.js';
import type { Follower } from './follower.js';

/** The parts that a frame passes, in its order. */
export interface Way {
  readonly follower: Pick<Follower, 'see' | 'forget'>;
  readonly access: Access;
  readonly door: Door;
  readonly lookout: Lookout;
  readonly gate: MotionGate;
  readonly log: Logger;
  readonly emit: Emit;
  readonly onFrame: () => void;
}

export interface StopReason {
  readonly reason: string;
  readonly failed: boolean;
}

/** So many frames in a row that could not be analysed are no accident: stop, and let the supervisor start anew. */
const MAX_FAILED_FRAMES = 20;

/** Moves the frames along the way until there are no more. A frame that fails opens nothing and releases the relay. */
export async function watch(frames: AsyncIterable<Frame>, way: Way): Promise<StopReason> {
  let failed = 0;
  for await (const frame of frames) {
    try {
      await analyse(frame, way);
      failed = 0;
      way.onFrame();
    } catch (error) {
      way.door.releaseNow();
      way.log.error({ frame: frame.sequence, source: frame.source, reason: reasonOf(error) }, 'a frame could not be analysed');
      if (++failed >= MAX_FAILED_FRAMES) {
        return { reason: `${MAX_FAILED_FRAMES} frames in a row could not be analysed: ${reasonOf(error)}`, failed: true };
      }
    }
  }
  return { reason: 'the camera has no more to show', failed: false };
}

async function analyse(frame: Frame, { follower, access, door, lookout, gate, emit }: Way): Promise<void> {
  if (gate.isQuiet(frame)) {
    lookout.saw({ frame, faces: [] });
    return;
  }
  // Whoever is being enrolled must be alone: there the detector looks at every frame.
  if (lookout.held) follower.forget();
  const faces = await follower.see(frame, (box) => access.isDecided(box, frame.capturedAtMs));
  gate.analysed(frame, faces.length);
  lookout.saw({ frame, faces });
  if (lookout.held) return;
  for (const grant of access.see(faces.map(seenFace), frame.capturedAtMs)) {
    const outcome = door.grant(grant);
    if (!outcome.done) emit({ type: 'unlock_refused', reason: outcome.refused, ...(grant.person && { person: grant.person }) });
  }
}

/** What access/ is told of a face. */
export function seenFace({ detection: { box }, observation: { embedding, liveness, movement, quality } }: SightedFace): SeenFace {
  return {
    box,
    ...(embedding && { embedding }),
    ...(liveness !== undefined && { liveness }),
    ...(movement && { movement }),
    ...(quality.rejection && { rejection: quality.rejection }),
  };
}
