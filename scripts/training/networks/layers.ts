import * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.js';

/** What TensorFlow.js hands to a layer's call. */
type Inputs = tf.Tensor | tf.Tensor[];
type Keywords = Record<string, unknown>;

const only = (inputs: Inputs): tf.Tensor => (Array.isArray(inputs) ? inputs[0] : inputs);

/** A layer without weights whose output has the shape of its input unless it says otherwise. */
abstract class Plain extends tf.layers.Layer {
  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    return inputShape;
  }
}

/** Local response normalisation as in Torch and ONNX: alpha is divided by the number of channels in the window. */
export class LocalResponse extends Plain {
  static className = 'LocalResponse';
  readonly size = 5;
  readonly alpha = 1e-4;
  readonly beta = 0.75;
  readonly bias = 1;

  override call(inputs: Inputs): tf.Tensor {
    const radius = (this.size - 1) / 2;
    return tf.localResponseNormalization(only(inputs) as tf.Tensor4D, radius, this.bias, this.alpha / this.size, this.beta);
  }
}

/** Pooling by the root of the sum of squares ("L2 pooling" of the FaceNet paper), without padding. */
export class L2Pooling extends Plain {
  static className = 'L2Pooling';
  readonly poolSize = 3;
  readonly stride = 3;

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const mean = tf.avgPool(tf.square(only(inputs) as tf.Tensor4D), this.poolSize, this.stride, 'valid');
      // The root has no gradient at 0, where whole windows lie after ReLU; 1e-6 in the output is the price.
      return tf.sqrt(tf.add(tf.mul(mean, this.poolSize ** 2), 1e-12));
    });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = inputShape as tf.Shape;
    const pooled = (length: number | null) => Math.floor(((length ?? 0) - this.poolSize) / this.stride) + 1;
    return [batch, pooled(height), pooled(width), channels];
  }
}

/** Scales each row to unit length: the embedding lies on the sphere. */
export class UnitLength extends Plain {
  static className = 'UnitLength';
  /** A row shorter than the root of this stays short. */
  readonly epsilon = 1e-12;

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const x = only(inputs);
      return tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), -1, true), this.epsilon)));
    });
  }
}

/** x * weight + bias for each channel. */
export class ChannelScale extends Plain {
  static className = 'ChannelScale';
  private scale?: tf.LayerVariable;
  private shift?: tf.LayerVariable;

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = (inputShape as tf.Shape).at(-1) ?? null;
    this.scale = this.addWeight('weight', [channels], 'float32', tf.initializers.ones());
    this.shift = this.addWeight('bias', [channels], 'float32', tf.initializers.zeros());
    this.built = true;
  }

  override call(inputs: Inputs): tf.Tensor {
    const { scale, shift } = this;
    if (!scale || !shift) throw new Error(`expected the layer ${this.name} to be built before it is called`);
    return tf.tidy(() => tf.add(tf.mul(only(inputs), scale.read()), shift.read()));
  }
}

/** Zeros appended: to the channels, and to the bottom and the right. */
export class ZeroExtend extends Plain {
  static className = 'ZeroExtend';
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;

  constructor(config: { readonly name: string; readonly rows?: number; readonly columns?: number; readonly channels?: number }) {
    super({ name: config.name });
    this.rows = config.rows ?? 0;
    this.columns = config.columns ?? 0;
    this.channels = config.channels ?? 0;
  }

  override call(inputs: Inputs): tf.Tensor {
    const after = [0, this.rows, this.columns, this.channels];
    return tf.pad(
      only(inputs),
      after.map((count): [number, number] => [0, count]),
    );
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = inputShape as tf.Shape;
    return [batch, (height ?? 0) + this.rows, (width ?? 0) + this.columns, (channels ?? 0) + this.channels];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rows: this.rows, columns: this.columns, channels: this.channels };
  }
}

/**
 * Dropout that draws from a stream which can be stored: TensorFlow.js's own either draws from Math.random or, with a
 * seed, drops the same units at every step.
 */
export class RepeatableDropout extends Plain {
  static className = 'RepeatableDropout';
  readonly rate: number;
  /** Where the masks come from; to be set before training. */
  random?: Random;

  constructor(config: { readonly name: string; readonly rate: number }) {
    super({ name: config.name });
    this.rate = config.rate;
  }

  override call(inputs: Inputs, keywords: Keywords): tf.Tensor {
    const x = only(inputs);
    if (keywords.training !== true) return tf.clone(x);
    const { random, rate } = this;
    if (!random) throw new Error(`expected the layer ${this.name} to have a source of random numbers, found none`);
    return tf.tidy(() => tf.mul(x, tf.tensor(keepMask(random, rate, x.size), x.shape)));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate };
  }
}

/** L2 distance of two embeddings squashed to a similarity of 0..1: a sigmoid that is 0.5 at the threshold. */
export class DistanceSimilarity extends Plain {
  static className = 'DistanceSimilarity';
  readonly threshold: number;

  constructor(config: { readonly name: string; readonly threshold: number }) {
    super({ name: config.name });
    this.threshold = config.threshold;
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const [a, b] = inputs as tf.Tensor[];
      // As in UnitLength: the root has no gradient at 0.
      const distance = tf.sqrt(tf.add(tf.sum(tf.squaredDifference(a, b), -1, true), 1e-12));
      // 0.99 at half of the threshold, as everywhere in the product (src/identity/distance.ts).
      const steepness = Math.log(99) / (this.threshold / 2);
      return tf.sigmoid(tf.mul(tf.sub(this.threshold, distance), steepness));
    });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return [(inputShape as tf.Shape[])[0][0], 1];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), threshold: this.threshold };
  }
}

/** Zeros and, so that the sum is kept on average, 1 / (1 - rate). */
function keepMask(random: Random, rate: number, length: number): Float32Array {
  const kept = 1 / (1 - rate);
  return Float32Array.from({ length }, () => (random.next() < rate ? 0 : kept));
}
