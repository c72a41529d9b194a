import { dotProduct } from '../distance.js';
import { Kernel, SCAN_ROWS } from './kernel.js';

/** Somebody's row that is nearest to a probe. */
export interface Nearest {
  readonly owner: string;
  /** The dot product of the two vectors: for unit vectors the larger, the nearer. */
  readonly dot: number;
}

/** The largest code: symmetric, so that a vector and its opposite have opposite codes. */
const MOST = 127;
/** More than the sums of floating-point numbers here can be off, for vectors of any length a template has. */
const SLACK = 1e-9;

/**
 * Vectors of many owners in one buffer, and the nearest of them to a probe: exactly the answer of comparing with each in
 * float32, in a small part of its time.
 *
 * Each vector v is kept as float32 and as 8-bit codes c with a scale s, so that v = s c + e with a known length |e|. The codes,
 * a quarter of the memory traffic, give every dot product up to a known doubt (Cauchy-Schwarz: p.v differs from sp s cp.c by
 * no more than |p| |e| + |ep| |s c|). Only rows that may be among the nearest with that doubt are then compared in float32.
 */
export class NearestRows {
  readonly dimensions: number;
  readonly #kernel: Kernel;
  #vectors = new Float32Array();
  #scales = new Float64Array();
  /** The largest |e| and |s c| that any row had. */
  #mostError = 0;
  #mostLength = 0;
  readonly #owners: string[] = [];
  readonly #rowsOf = new Map<string, number[]>();

  constructor(dimensions: number) {
    this.dimensions = dimensions;
    this.#kernel = new Kernel(dimensions);
  }

  get rows(): number {
    return this.#owners.length;
  }

  /** Memory that the rows take, in bytes. */
  get bytes(): number {
    return this.#kernel.bytes + this.#vectors.byteLength + this.#scales.byteLength;
  }

  has(owner: string): boolean {
    return this.#rowsOf.has(owner);
  }

  /** @param vector finite, of as many values as all others */
  add(owner: string, vector: Float32Array): void {
    const row = this.#owners.length;
    this.#reserve(row + 1);
    const { width, codes } = this.#kernel;
    this.#vectors.set(vector, row * this.dimensions);
    const { scale, error, length } = quantise(vector, codes.subarray(row * width, (row + 1) * width));
    this.#scales[row] = scale;
    this.#mostError = Math.max(this.#mostError, error);
    this.#mostLength = Math.max(this.#mostLength, length);
    this.#owners.push(owner);
    const rows = this.#rowsOf.get(owner);
    if (rows) rows.push(row);
    else this.#rowsOf.set(owner, [row]);
  }

  /** Takes out every row of an owner; the last rows move into the gaps. */
  remove(owner: string): void {
    // From behind, so that a row that moves is never one that is to go.
    const rows = (this.#rowsOf.get(owner) ?? []).sort((a, b) => b - a);
    this.#rowsOf.delete(owner);
    for (const row of rows) this.#fillGap(row);
  }

  /**
   * The nearest row, and the nearest one of any other owner.
   *
   * @param except an owner who does not count
   */
  nearestTwo(probe: Float32Array, except?: string): { first: Nearest | undefined; second: Nearest | undefined } {
    const nearest = new NearestTwo();
    if (probe.length !== this.dimensions) return nearest;
    const { scale, error, length } = quantise(probe, this.#kernel.probe);
    if (!Number.isFinite(length)) return nearest;
    const doubt = (length + error) * this.#mostError + error * this.#mostLength + SLACK;

    /** At least so near are the two nearest owners. */
    const assured = new NearestTwo();
    const candidates: { row: number; most: number }[] = [];
    for (let start = 0; start < this.rows; start += SCAN_ROWS) {
      const end = Math.min(start + SCAN_ROWS, this.rows);
      const dots = this.#kernel.scan(start, end - start);
      for (let row = start; row < end; row++) {
        const about = scale * this.#scales[row] * dots[row - start];
        if (about + doubt < assured.secondDot) continue;
        const owner = this.#owners[row];
        if (owner === except) continue;
        assured.offer(owner, about - doubt);
        candidates.push({ row, most: about + doubt });
      }
    }
    candidates.sort((a, b) => b.most - a.most);
    for (const { row, most } of candidates) {
      if (most < nearest.secondDot) break;
      nearest.offer(this.#owners[row], dotProduct(probe, this.#vectors, row * this.dimensions));
    }
    return nearest;
  }

  #fillGap(row: number): void {
    const last = this.#owners.length - 1;
    const owner = this.#owners[last];
    this.#owners.pop();
    if (row === last) return;
    const { width, codes } = this.#kernel;
    codes.copyWithin(row * width, last * width, (last + 1) * width);
    this.#vectors.copyWithin(row * this.dimensions, last * this.dimensions, (last + 1) * this.dimensions);
    this.#scales[row] = this.#scales[last];
    this.#owners[row] = owner;
    const moved = this.#rowsOf.get(owner);
    if (moved) moved[moved.indexOf(last)] = row;
  }

  #reserve(rows: number): void {
    if (rows <= this.#scales.length) return;
    const room = Math.max(16, Math.ceil(rows * 1.25));
    this.#kernel.reserve(room);
    const [vectors, scales] = [this.#vectors, this.#scales];
    this.#vectors = new Float32Array(room * this.dimensions);
    this.#vectors.set(vectors);
    this.#scales = new Float64Array(room);
    this.#scales.set(scales);
  }
}

/** The nearest of all that were offered, and the nearest of anybody else. */
class NearestTwo {
  first: Nearest | undefined;
  second: Nearest | undefined;
  /** Of the second; without one every dot product is larger. */
  secondDot = -Infinity;

  offer(owner: string, dot: number): void {
    if (this.first === undefined || dot > this.first.dot) {
      if (this.first && this.first.owner !== owner) this.#settle(this.first);
      this.first = { owner, dot };
    } else if (owner !== this.first.owner && dot > this.secondDot) this.#settle({ owner, dot });
  }

  #settle(second: Nearest): void {
    this.second = second;
    this.secondDot = second.dot;
  }
}

/**
 * Writes the codes of a vector.
 *
 * @returns `scale` times the codes is the vector but for an error of length `error`, and has the length `length`
 */
function quantise(vector: Float32Array, codes: Int8Array | Int16Array): { scale: number; error: number; length: number } {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  const scale = largest / MOST || 1;
  let error = 0;
  let length = 0;
  for (let i = 0; i < vector.length; i++) {
    const code = Math.round(vector[i] / scale);
    codes[i] = code;
    const kept = scale * code;
    error += (vector[i] - kept) ** 2;
    length += kept ** 2;
  }
  return { scale, error: Math.sqrt(error), length: Math.sqrt(length) };
}
