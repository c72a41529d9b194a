import type * as tf from '@tensorflow/tfjs';

/**
 * Keeps the weights of a layer, and of all layers before it, as they are.
 *
 * Batch normalisation among them goes on with the means and variances it has: those of the new, few photographs would
 * change what the frozen layers see.
 *
 * @returns how many layers with weights were frozen
 */
export function freezeUpTo(model: tf.LayersModel, layerName: string): number {
  const last = model.layers.findIndex((layer) => layer.name === layerName);
  if (last < 0) {
    const known = model.layers.filter((layer) => layer.weights.length > 0).map((layer) => layer.name);
    throw new Error(`expected one of the layers ${known.join(', ')}, received "${layerName}"`);
  }
  const frozen = model.layers.slice(0, last + 1);
  for (const layer of frozen) {
    layer.trainable = false;
    if (layer.getClassName() === 'BatchNormalization') inferOnly(layer);
  }
  return frozen.filter((layer) => layer.weights.length > 0).length;
}

function inferOnly(layer: tf.layers.Layer): void {
  const call = layer.call.bind(layer);
  layer.call = (inputs, keywords) => call(inputs, { ...keywords, training: false });
}
