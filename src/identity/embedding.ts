/** A face as a vector: two embeddings of one person lie close, two people's lie apart. */
export interface Embedding {
  /** Unit length (L2). */
  readonly vector: Float32Array;
  /** The manifest id of the encoder that made it; embeddings of different encoders are never compared. */
  readonly encoder: string;
}

/**
 * Scales a vector to unit length.
 *
 * @returns undefined for a vector without a direction (zero, NaN or infinite), which no face has
 */
export function unitVector(values: Float32Array): Float32Array | undefined {
  let sum = 0;
  for (const value of values) sum += value * value;
  if (!(sum > 0 && Number.isFinite(sum))) return undefined;
  const scale = 1 / Math.sqrt(sum);
  return values.map((value) => value * scale);
}
