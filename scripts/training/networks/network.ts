import type * as tf from '@tensorflow/tfjs';
import type { PixelFormat } from '../../../src/faces/resample.js';
import type { Alignment } from '../../../src/inference/manifest.js';

export interface BuildOptions {
  /** Decides the random weights; without it they are 0, for a network that gets its weights from elsewhere. */
  readonly seed?: number | undefined;
  /** Width and height of the input in pixels; the network's own unless set. */
  readonly inputPx?: number;
}

/** An encoder that this project can build, train and export. */
export interface Network {
  readonly name: string;
  readonly summary: string;
  readonly inputPx: number;
  readonly embeddingSize: number;
  readonly pixels: PixelFormat;
  /** Where points of the face lie in 0..1 of the input, after the product's alignment. */
  readonly template: Alignment;
  /** Adam's learning rate, unless another is asked for. */
  readonly learningRate: number;
  /** Weights that training changes, as published by the network's authors; checked whenever it is built. */
  readonly publishedParameters?: number;
  /** [N, inputPx, inputPx, 3] to [N, embeddingSize]. */
  build(options: BuildOptions): tf.LayersModel;
}
