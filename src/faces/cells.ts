/**
 * Along one axis of a picture that is made smaller, which pixels make up which cell and to what share: a pixel on a border counts in
 * part on both sides. Rounding to whole pixels instead shifts some cells by half a pixel, which turned embeddings by a cosine of up
 * to 0.993, and doubles others, which passes for detail.
 */
export interface Cells {
  /** How many entries of the three arrays hold. */
  readonly count: number;
  readonly pixel: Int32Array;
  readonly cell: Int32Array;
  /** Adds up to 1 in each cell. */
  readonly share: Float64Array;
}

/**
 * @param start where the first cell begins, in pixels; what lies outside is the pixel at the edge
 * @param cellPx length of a cell
 * @param cells how many
 * @param limit pixels of the picture
 * @param stride only every so many pixels are looked at
 */
export function cellsAlong(start: number, cellPx: number, cells: number, limit: number, stride = 1): Cells {
  const units = Math.ceil(limit / stride);
  const pixel = new Int32Array(units + 4 * cells);
  const cell = new Int32Array(pixel.length);
  const share = new Float64Array(pixel.length);
  const length = cellPx / stride;
  let count = 0;
  const add = (unit: number, k: number, part: number) => {
    pixel[count] = Math.min(limit - 1, unit * stride);
    cell[count] = k;
    share[count++] = part / length;
  };
  for (let k = 0; k < cells; k++) {
    const from = start / stride + k * length;
    const to = from + length;
    if (from < 0) add(0, k, Math.min(to, 0) - from);
    const last = Math.min(to, units);
    for (let unit = Math.max(0, Math.floor(from)); unit < last; unit++) {
      add(unit, k, Math.min(unit + 1, to) - Math.max(unit, from));
    }
    if (to > units) add(units - 1, k, to - Math.max(from, units));
  }
  return { count, pixel, cell, share };
}
