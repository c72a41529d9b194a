/** A convolution or dense layer: its kernel with the output channels last, and its bias. */
export interface Affine {
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/** What batch normalisation or a learned scale does to each channel: x * scale + shift. */
export interface ChannelAffine {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

export interface BatchNormalisation {
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly epsilon: number;
}

/** Batch normalisation with the statistics of training is one scale and one shift for each channel. */
export function asChannelAffine({ gamma, beta, mean, variance, epsilon }: BatchNormalisation): ChannelAffine {
  const scale = gamma.map((value, channel) => value / Math.sqrt(variance[channel] + epsilon));
  return { scale, shift: beta.map((value, channel) => value - mean[channel] * scale[channel]) };
}

/** The convolution that does at once what it and the scale behind it did. */
export function foldInto({ kernel, bias }: Affine, { scale, shift }: ChannelAffine): Affine {
  const channels = scale.length;
  return {
    kernel: kernel.map((value, i) => value * scale[i % channels]),
    bias: bias.map((value, channel) => value * scale[channel] + shift[channel]),
  };
}
