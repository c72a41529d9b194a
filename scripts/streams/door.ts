import { createAccess, type AccessSettings, type SeenFace } from '../../src/access/access.js';
import type { Policy } from '../../src/access/policy.js';
import type { Frame } from '../../src/camera/frame.js';
import type { Clock } from '../../src/clock.js';
import type { ChallengeAction, Happening } from '../../src/events.js';
import { Follower, type FollowRules } from '../../src/follower.js';
import type { Gallery } from '../../src/identity/gallery.js';
import type { Vision } from '../../src/vision.js';
import { seenFace } from '../../src/watch.js';
import { STEP_MS } from './jitter.js';

/** What the vision path made of each frame of a stream; it can be shown to any number of doors. */
export type SeenStream = readonly (readonly SeenFace[])[];

export async function watchStream(vision: Vision, rules: FollowRules, frames: AsyncIterable<Frame>): Promise<SeenStream> {
  const follower = new Follower(vision, rules);
  const seen: SeenFace[][] = [];
  for await (const frame of frames) seen.push((await follower.see(frame)).map(seenFace));
  return seen;
}

/**
 * What a door with these settings and these people says to a stream; nobody is refused for the hour or the day.
 *
 * @param chooseAction what a challenge asks for, at random unless given
 */
export function askDoor(
  stream: SeenStream,
  settings: AccessSettings,
  gallery: Gallery,
  chooseAction?: () => ChallengeAction,
): Happening[] {
  let nowMs = 0;
  const events: Happening[] = [];
  const clock: Clock = {
    monotonicMs: () => nowMs,
    wallTime: () => new Date(0),
    after: () => ({ cancel: () => undefined }),
  };
  const emit = (event: Happening) => void events.push(event);
  const access = createAccess(settings, {
    ...{ gallery: () => gallery, policy, clock, emit },
    ...(chooseAction && { chooseAction }),
  });
  for (const faces of stream) {
    nowMs += STEP_MS;
    access.see(faces, nowMs);
  }
  // Everybody leaves: who has no verdict yet gets it.
  nowMs += settings.expireMs + STEP_MS;
  access.see([], nowMs);
  return events;
}

const policy: Policy = {
  lockedOut: () => false,
  refusal: () => undefined,
  denied: () => undefined,
  granted: () => undefined,
};
