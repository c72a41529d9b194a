import type { SeenAt } from '../access/presentations.js';
import type { Frame } from '../camera/frame.js';
import type { Box, Detection } from '../faces/face.js';
import type { Observation } from '../vision.js';

/** A frame and the faces that were found in it, the largest first. */
export interface Sighting {
  readonly frame: Frame;
  readonly faces: readonly SightedFace[];
}

export interface SightedFace {
  readonly detection: Detection;
  readonly observation: Observation;
}

/** The frame in which a decision fell, and where its face is in it. */
export interface DecidedFace {
  readonly frame: Frame;
  readonly box: Box;
}

/** What the camera sees, for those who ask besides the way to the door: enrolment at the camera, snapshots. */
export class Lookout {
  readonly #onSighting = new Set<(sighting: Sighting) => void>();
  readonly #onDecision = new Set<(face: DecidedFace) => void>();
  #newest: Sighting | undefined;
  #held = false;

  /** Somebody is being enrolled before the camera: the door judges nobody meanwhile. */
  get held(): boolean {
    return this.#held;
  }

  /** @returns a function that ends it */
  hold(): () => void {
    this.#held = true;
    return () => {
      this.#held = false;
    };
  }

  /** The last frame that was analysed. */
  get newest(): Sighting | undefined {
    return this.#newest;
  }

  saw(sighting: Sighting): void {
    this.#newest = sighting;
    this.#onSighting.forEach((listener) => listener(sighting));
  }

  /** Of somebody who had left when the verdict fell there is no picture. */
  decided({ box, seenAtMs }: SeenAt): void {
    const frame = this.#newest?.frame;
    if (frame?.capturedAtMs === seenAtMs) this.#onDecision.forEach((listener) => listener({ frame, box }));
  }

  /** @returns a function that ends it */
  onSighting(listener: (sighting: Sighting) => void): () => void {
    this.#onSighting.add(listener);
    return () => this.#onSighting.delete(listener);
  }

  /** @returns a function that ends it */
  onDecision(listener: (face: DecidedFace) => void): () => void {
    this.#onDecision.add(listener);
    return () => this.#onDecision.delete(listener);
  }
}
