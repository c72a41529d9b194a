import { createEncoder } from '../../../src/identity/encoder.js';
import type { ModelSession } from '../../../src/inference/model-session.js';
import { openFaceFinder, type FoundFace, type OnUnusable } from '../data/face-finder.js';
import type { Photograph } from '../../../src/identity/calibration/labelled-folder.js';

/** Turns a face into a vector; undefined where it cannot. */
export interface Embedder {
  readonly name: string;
  embed(found: FoundFace): Promise<Float32Array | undefined>;
}

/** An encoder as the door runs it. */
export function doorEmbedder(session: ModelSession): Embedder {
  const encode = createEncoder(session);
  return {
    name: session.entry.id,
    async embed({ frame, face }) {
      return (await encode(frame, face.landmarks))?.vector;
    },
  };
}

/** A photograph that every embedder made a vector of. */
export interface EmbeddedFace {
  readonly photograph: Photograph;
  readonly face: FoundFace['face'];
  /** By the names of the embedders. */
  readonly vectors: Readonly<Record<string, Float32Array>>;
}

export interface EmbedOptions {
  readonly modelsFolder: string;
  readonly onUnusable: OnUnusable;
  readonly onProgress: (done: number, total: number) => void;
}

/** The faces of photographs, found once and given to every embedder, so that all judge the very same ones. */
export async function embedFaces(
  photographs: readonly Photograph[],
  embedders: readonly Embedder[],
  { modelsFolder, onUnusable, onProgress }: EmbedOptions,
): Promise<EmbeddedFace[]> {
  const finder = await openFaceFinder(modelsFolder);
  const embedded: EmbeddedFace[] = [];
  try {
    for (const [index, photograph] of photographs.entries()) {
      for await (const found of finder.find([photograph], onUnusable)) {
        const vectors: Record<string, Float32Array> = {};
        for (const embedder of embedders) {
          const vector = await embedder.embed(found);
          if (vector) vectors[embedder.name] = vector;
          else onUnusable(photograph, `no vector from ${embedder.name}`);
        }
        if (Object.keys(vectors).length === embedders.length) embedded.push({ photograph, face: found.face, vectors });
      }
      onProgress(index + 1, photographs.length);
    }
  } finally {
    await finder.release();
  }
  return embedded;
}
