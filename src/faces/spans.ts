/**
 * Along one axis of a picture that is made smaller, which pixels make up which cell: from `first` to `last`, of which the first counts
 * `head`, the last `tail`, and those between them 1. A pixel on a border counts in part on both sides. Rounding to whole pixels
 * instead shifts some cells by half a pixel, which turned embeddings by a cosine of up to 0.993, and doubles others, which passes
 * for detail.
 */
export interface Spans {
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** In pixels. Where first and last are one pixel, `tail` is 0. */
  readonly head: Float64Array;
  readonly tail: Float64Array;
}

/**
 * @param start where the first cell begins, in pixels; what lies outside is the pixel at the edge
 * @param cellPx length of a cell
 * @param cells how many
 * @param limit pixels of the picture
 */
export function spansAlong(start: number, cellPx: number, cells: number, limit: number): Spans {
  const first = new Int32Array(cells);
  const last = new Int32Array(cells);
  const head = new Float64Array(cells);
  const tail = new Float64Array(cells);
  const inside = (pixel: number) => Math.max(0, Math.min(limit - 1, pixel));
  for (let k = 0; k < cells; k++) {
    const from = start + k * cellPx;
    const to = from + cellPx;
    first[k] = inside(Math.floor(from));
    last[k] = inside(Math.ceil(to) - 1);
    // Up to the end of the first pixel, and from the beginning of the last; beyond the picture these two stand for what is missing.
    head[k] = first[k] === last[k] ? cellPx : first[k] + 1 - from;
    tail[k] = first[k] === last[k] ? 0 : to - last[k];
  }
  return { first, last, head, tail };
}

/** How much a pixel of a cell counts in it. */
export function shareOf({ first, last, head, tail }: Spans, cell: number, pixel: number): number {
  return pixel === first[cell] ? head[cell] : pixel === last[cell] ? tail[cell] : 1;
}
