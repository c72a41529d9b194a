import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { namedVariables, type StoredTensor, type StoredTensors } from '../named-weights.js';
import { buildNetwork } from '../networks/index.js';
import { facenet } from '../networks/facenet.js';

/** One of the published CSV files and the weight it belongs to. */
export interface CsvFile {
  /** As published: <layer>_w.csv and _b.csv, of batch normalisation _m.csv and _v.csv too; the dense layer's is "dense". */
  readonly file: string;
  /** The weight, as named here. */
  readonly name: string;
  /** Shape in the file, row by row: [filters, channels, height, width] of a convolution, [outputs, inputs] of the dense layer. */
  readonly fileShape: readonly number[];
  /** Shape in TensorFlow.js. */
  readonly shape: readonly number[];
}

// Role of a weight in TensorFlow.js to the ending of its file.
const endings: Readonly<Record<string, string>> = {
  kernel: 'w',
  bias: 'b',
  gamma: 'w',
  beta: 'b',
  moving_mean: 'm',
  moving_variance: 'v',
};

/** All files of nn4.small2, in the order of its layers. */
export function openFaceFiles(model: tf.LayersModel): CsvFile[] {
  return namedVariables(model).map(({ name, layer, variable: { shape } }) => {
    const role = name.slice(layer.length + 1);
    const stem = layer === 'dense_layer' ? 'dense' : layer;
    return { file: `${stem}_${endings[role]}.csv`, name, fileShape: torchShape(shape), shape };
  });
}

/** [height, width, channels, filters] to [filters, channels, height, width], [inputs, outputs] to [outputs, inputs]. */
function torchShape(shape: readonly number[]): readonly number[] {
  if (shape.length === 4) return [shape[3], shape[2], shape[0], shape[1]];
  return [...shape].reverse();
}

/**
 * The weights of nn4.small2 from a folder of the CSV files that OpenFace's weights were published as.
 *
 * Throws for the first file that is missing, holds something other than numbers, or more or fewer of them than its layer
 * has, naming it.
 */
export async function readOpenFaceFolder(folder: string): Promise<StoredTensors> {
  const files = openFaceFiles(buildNetwork(facenet, {}));
  const stored = new Map<string, StoredTensor>();
  for (const file of files) {
    const { name, fileShape, shape } = file;
    const values = await readCsv(join(folder, file.file), file);
    stored.set(name, { shape, values: shape.length === 1 ? values : fromTorch(values, fileShape) });
  }
  return stored;
}

async function readCsv(path: string, { file, fileShape }: CsvFile): Promise<Float32Array> {
  const count = fileShape.reduce((a, b) => a * b, 1);
  const expected = `expected ${file} to hold ${count} numbers (${fileShape.join(' x ')})`;
  if (!existsSync(path)) throw new Error(`${expected}, found no file at ${path}`);
  // Numbers alone, without quotes or a header: a CSV reader has nothing to add, and takes ten times as long for 35 MB.
  const cells = (await readFile(path, 'utf8')).trim().split(/\s*[,\n]\s*/);
  const values = Float32Array.from(cells, Number);
  const wrong = cells.findIndex((cell, i) => cell === '' || !Number.isFinite(values[i]));
  if (wrong >= 0) throw new Error(`${expected}, received ${JSON.stringify(cells[wrong])} as number ${wrong + 1}`);
  if (values.length !== count) throw new Error(`${expected}, received ${values.length}`);
  return values;
}

function fromTorch(values: Float32Array, fileShape: readonly number[]): Float32Array {
  return tf.tidy(() => {
    const tensor = tf.tensor(values, [...fileShape]);
    return tf
      .transpose(tensor, fileShape.length === 4 ? [2, 3, 1, 0] : [1, 0])
      .dataSync<'float32'>()
      .slice();
  });
}
