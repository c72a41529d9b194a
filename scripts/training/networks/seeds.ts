import * as tf from '@tensorflow/tfjs';

type Initializer = ReturnType<(typeof tf.initializers)['zeros' | 'heNormal' | 'glorotUniform']>;

/**
 * Initial weights that depend on the run's seed and the layer's name only, so that a layer keeps its weights when
 * another is added before it. He, Zhang, Ren and Sun (2015), for layers that ReLU follows.
 */
export function heNormal(seed: number | undefined, layer: string): Initializer {
  return seed === undefined ? tf.initializers.zeros() : tf.initializers.heNormal({ seed: seedOf(seed, layer) });
}

/** Glorot and Bengio (2010), for layers without an activation. */
export function glorotUniform(seed: number | undefined, layer: string): Initializer {
  return seed === undefined ? tf.initializers.zeros() : tf.initializers.glorotUniform({ seed: seedOf(seed, layer) });
}

/** FNV-1a over the name, from the seed; never 0, which TensorFlow.js takes for no seed. */
function seedOf(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return (hash >>> 0) + 1;
}
