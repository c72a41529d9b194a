import type * as tf from '@tensorflow/tfjs';
import { compact } from './compact.js';
import { dlibResnet } from './dlib-resnet.js';
import { facenet } from './facenet.js';
import type { BuildOptions, Network } from './network.js';

/** Every network that can be trained and exported, by its name. */
export const networks: Readonly<Record<string, Network>> = Object.fromEntries(
  [facenet, compact, dlibResnet].map((network) => [network.name, network]),
);

/** Throws for a name that no network has. */
export function networkNamed(name: string): Network {
  if (!Object.hasOwn(networks, name)) {
    throw new Error(`expected one of the networks ${Object.keys(networks).join(', ')}, received "${name}"`);
  }
  return networks[name];
}

/**
 * Builds a network with random weights.
 *
 * Throws when its parameters are not as many as its authors published: then it is another network, and their weights do
 * not belong to it. Throws as well for an input so small that a layer has nothing left of it.
 */
export function buildNetwork(network: Network, options: BuildOptions): tf.LayersModel {
  const model = network.build(options);
  // Such a layer would end the whole process: WebAssembly has no other way to say so.
  const empty = model.layers.find(({ outputShape }) => (outputShape as tf.Shape).some((length) => length !== null && length < 1));
  if (empty) throw new Error(`expected an input of which something is left at ${empty.name}, received ${options.inputPx} px`);
  const expected = network.publishedParameters;
  const received = trainableParameters(model);
  if (expected !== undefined && received !== expected) {
    throw new Error(`expected ${network.name} to have ${expected} trainable parameters as published, received ${received}`);
  }
  return model;
}

export function trainableParameters(model: tf.LayersModel): number {
  return model.trainableWeights.reduce(
    (total, { shape }) => total + shape.reduce<number>((size, length) => size * (length ?? 1), 1),
    0,
  );
}
