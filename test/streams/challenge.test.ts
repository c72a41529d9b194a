import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portrait, resident, strangers } from '../../scripts/demo/visitors.js';
import { askDoor, watchStream, type SeenStream } from '../../scripts/streams/door.js';
import { createRandom } from '../../scripts/training/random.js';
import { accessSettings } from '../../src/access/access.js';
import type { Frame } from '../../src/camera/frame.js';
import { decodePicture } from '../../src/camera/picture.js';
import { systemClock } from '../../src/clock.js';
import { defaultConfig } from '../../src/config.js';
import type { ChallengeAction } from '../../src/events.js';
import { largestFace, type Point } from '../../src/faces/face.js';
import { rawThresholdOf } from '../../src/identity/distance.js';
import { createGallery, type Gallery } from '../../src/identity/gallery.js';
import type { Person } from '../../src/identity/person.js';
import { openVision, type Vision } from '../../src/vision.js';
import { runDoor } from '../support/door-run.js';
import { render, type Look, type Placement, type Surface } from '../../scripts/streams/moving-picture.js';
import { samples } from '../support/photographs.js';
import { eyeDistance, eyelids, flatPicture, solidFace } from '../../scripts/streams/solid-face.js';

const defaults = defaultConfig();
const config = {
  ...defaults,
  liveness: { ...defaults.liveness, passive: false, challenge: 'always' as const, challengeActions: 1 },
};
const random = createRandom(7);
const noise = { noise: 3, random: () => random.next() };
const actions: readonly ChallengeAction[] = ['blink', 'turn_left', 'turn_right'];

interface Sitting {
  readonly bytes: Buffer;
  readonly photo: Frame;
  readonly landmarks: readonly Point[];
  /** Frame pixels for one of the photograph: eyes 60 px apart. */
  readonly scale: number;
  /** Everybody is enrolled from the very photograph: only the challenge can keep the picture out. */
  readonly gallery: Gallery;
}

/** A smooth way through random places, each in -1..1. */
function wander(frames: number, places: number): number[] {
  const knots = Array.from({ length: places + 1 }, () => random.next() * 2 - 1);
  return Array.from({ length: frames }, (_, i) => {
    const at = (i / (frames - 1)) * places;
    const from = Math.min(places - 1, Math.floor(at));
    const ease = (1 - Math.cos(Math.PI * (at - from))) / 2;
    return knots[from] * (1 - ease) + knots[from + 1] * ease;
  });
}

describe('the active challenge before a camera', () => {
  let vision: Vision;
  const sittings: Sitting[] = [];

  beforeAll(async () => {
    vision = await openVision(config, systemClock, { info: () => undefined, warn: () => undefined });
    for (const sitter of [resident.atTheDoor, strangers[1], strangers[2]])
      sittings.push(await sit(await portrait(samples, sitter)));
  });
  afterAll(() => vision.release());

  async function sit(bytes: Buffer): Promise<Sitting> {
    const photo = {
      ...(await decodePicture(bytes, 'a portrait', { maxPixels: 25e6 })),
      capturedAtMs: 0,
      sequence: 1,
      source: '',
    };
    const { face, embedding } = await vision.observe(photo, largestFace(await vision.detect(photo))!);
    const { encoder } = vision;
    const template = { ...embedding!, id: 't', modelSha256: encoder.sha256, quality: 1, createdAt: '', source: 'photo' as const };
    const person: Person = { id: 'ada', name: 'Ada', cards: [], createdAt: '', templates: [template] };
    const gallery = createGallery([person], encoder, rawThresholdOf(encoder));
    return { bytes, photo, landmarks: face.landmarks, scale: 60 / eyeDistance(face.landmarks), gallery };
  }

  const placed = (scale: number, more: Partial<Placement> = {}): Placement => ({
    ...{ yawDeg: 0, pitchDeg: 0, rollDeg: 0, dxPx: 0, dyPx: 0, scale },
    ...more,
  });

  async function seen(
    surface: Surface,
    frames: readonly { placement: Placement; texture?: Look['texture'] }[],
  ): Promise<SeenStream> {
    async function* camera(): AsyncGenerator<Frame> {
      for (const { placement, texture } of frames) yield render(surface, placement, { ...noise, ...(texture && { texture }) });
    }
    return watchStream(
      vision,
      { detectEvery: config.inference.detectEvery, rawThreshold: rawThresholdOf(vision.encoder) },
      camera(),
    );
  }

  const ask = (stream: SeenStream, { gallery }: Sitting, action: ChallengeAction): string[] => {
    const settings = accessSettings(config, rawThresholdOf(vision.encoder));
    return askDoor(stream, settings, gallery, () => action).map((event) => (event.type === 'denied' ? event.reason : event.type));
  };

  /** Held still until the door recognises, then tilted by up to 60 degrees, turned, rolled, zoomed and moved. */
  function handled({ scale }: Sitting): Placement[] {
    const frames = 70;
    const [yaw, pitch, roll, zoom, dx, dy] = Array.from({ length: 6 }, () => wander(frames, 8));
    return Array.from({ length: frames }, (_, i) => {
      const much = Math.min(1, Math.max(0, (i - 6) / 6));
      return {
        yawDeg: 60 * much * yaw[i],
        pitchDeg: 30 * much * pitch[i],
        rollDeg: 20 * much * roll[i],
        scale: scale * (1 + 0.3 * much * zoom[i]),
        dxPx: 60 * much * dx[i],
        dyPx: 30 * much * dy[i],
      };
    });
  }

  it('is not passed by a flat still picture, however it is moved, tilted and zoomed', async () => {
    for (const sitting of sittings) {
      const surface = flatPicture(sitting.photo, sitting.landmarks);
      const stream = await seen(
        surface,
        handled(sitting).map((placement) => ({ placement })),
      );
      for (const action of actions) {
        const events = ask(stream, sitting, action);
        expect(events).toContain('challenge');
        expect(events).not.toContain('challenge_passed');
        expect(events).not.toContain('granted');
      }
    }
  });

  it('is passed by a head that turns to the side that was asked for, and by no other', async () => {
    const [, sitting] = sittings;
    const surface = solidFace(sitting.photo, sitting.landmarks);
    const way = [0, 0, 0, 0, 0, 0, 0.3, 0.6, 0.9, 1, 1, 1, 0.8, 0.5, 0.2, 0, 0, 0, 0];
    for (const [side, other, sign] of [
      ['turn_left', 'turn_right', 1],
      ['turn_right', 'turn_left', -1],
    ] as const) {
      const stream = await seen(
        surface,
        way.map((share) => ({ placement: placed(sitting.scale, { yawDeg: 32 * sign * share }) })),
      );
      expect(ask(stream, sitting, side)).toEqual(['challenge', 'challenge_passed', 'granted']);
      expect(ask(stream, sitting, other)).toEqual(['challenge', 'challenge_failed']);
      expect(ask(stream, sitting, 'blink')).not.toContain('granted');
    }
  });

  it('is passed by eyes that close and open', async () => {
    const lids = [0, 0, 0, 0, 0, 0, 0.5, 1, 1, 1, 1, 0.5, 0, 0, 0, 0, 0];
    const outcomes: string[][] = [];
    for (const sitting of sittings) {
      const surface = solidFace(sitting.photo, sitting.landmarks);
      const stream = await seen(
        surface,
        lids.map((closed) => ({ placement: placed(sitting.scale * 1.2), texture: eyelids(sitting.landmarks, closed) })),
      );
      outcomes.push(ask(stream, sitting, 'blink'));
      expect(ask(stream, sitting, 'turn_left')).not.toContain('granted');
    }
    // Lids that are drawn over a photograph are not always taken for closed eyes (docs/liveness.md).
    expect(outcomes).toContainEqual(['challenge', 'challenge_passed', 'granted']);
  });

  it('keeps the moved picture out of the running daemon, whatever is drawn', async () => {
    const [sitting] = sittings;
    const surface = flatPicture(sitting.photo, sitting.landmarks);
    async function* frames(): AsyncGenerator<Buffer> {
      for (const placement of handled(sitting)) {
        const { rgb, widthPx, heightPx } = render(surface, placement, noise);
        yield await sharp(rgb, { raw: { width: widthPx, height: heightPx, channels: 3 } })
          .jpeg({ quality: 90 })
          .toBuffer();
      }
    }
    const events = await runDoor({
      enrolled: { Ada: sitting.bytes },
      frames: frames(),
      liveness: { passive: false, challenge: 'always', challengeMs: 4_000, challengeActions: 1 },
    });
    const types = events.map(({ type }) => type);
    expect(types).toContain('challenge');
    expect(types).toContain('denied');
    expect(types).not.toContain('granted');
    expect(types).not.toContain('unlocked');
  });
});
