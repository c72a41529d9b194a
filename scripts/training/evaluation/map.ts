import { UMAP } from 'umap-js';
import { createRandom } from '../random.js';

/** Where a photograph lies on the map; only neighbourhoods mean something, not the axes. */
export interface MapPoint {
  readonly index: number;
  readonly x: number;
  readonly y: number;
}

// UMAP of more takes minutes, and the picture only gets fuller.
const MOST_POINTS = 1000;

/** A map of embeddings in the plane by UMAP (McInnes, Healy, Melville 2018); the same embeddings give the same map. */
export function embeddingMap(vectors: readonly Float32Array[]): MapPoint[] {
  const step = Math.max(1, Math.ceil(vectors.length / MOST_POINTS));
  const indices = [...vectors.keys()].filter((index) => index % step === 0);
  // UMAP needs neighbours to look at.
  if (indices.length < 4) return indices.map((index) => ({ index, x: index, y: 0 }));
  const random = createRandom(1);
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: Math.min(10, indices.length - 1),
    minDist: 0.2,
    random: () => random.next(),
  });
  const places = umap.fit(indices.map((index) => [...vectors[index]]));
  return indices.map((index, i) => ({ index, x: places[i][0], y: places[i][1] }));
}
