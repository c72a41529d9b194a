import * as tf from '@tensorflow/tfjs';
import type { NamedVariable, StoredTensor, StoredTensors } from './named-weights.js';
import { requireTensor } from './named-weights.js';

export interface AdamSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

// Kingma and Ba (2015), algorithm 1.
export const adamDefaults: AdamSettings = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/**
 * Adam, with all its state in the open: TensorFlow.js's own restores the decay of its moments by another rounding than it
 * computes it with, and a run that resumes would drift from one that never stopped.
 */
export interface Adam {
  /** Changes the variables by one step against these gradients, given by the variables' TensorFlow.js names. */
  apply(gradients: Readonly<Record<string, tf.Tensor>>): void;
  /** Steps done. */
  readonly steps: number;
  /** Both moments of each variable, as `<name>.m` and `<name>.v`. */
  state(): StoredTensors;
  /** Continues from a stored state. Throws when a moment is missing or has another shape. */
  restore(steps: number, state: StoredTensors): void;
  dispose(): void;
}

export function createAdam(variables: readonly NamedVariable[], settings: AdamSettings = adamDefaults): Adam {
  const { learningRate, beta1, beta2, epsilon } = settings;
  let steps = 0;
  let moments = variables.map(({ variable }) => ({ m: tf.keep(tf.zeros(variable.shape)), v: tf.keep(tf.zeros(variable.shape)) }));

  function dispose(): void {
    for (const { m, v } of moments) tf.dispose([m, v]);
    moments = [];
  }

  return {
    apply(gradients) {
      steps++;
      const scale = learningRate * (Math.sqrt(1 - beta2 ** steps) / (1 - beta1 ** steps));
      // epsilon belongs to the corrected second moment.
      const smallest = epsilon * Math.sqrt(1 - beta2 ** steps);
      moments = variables.map(({ variable }, i) => {
        const gradient = gradients[variable.name];
        const old = moments[i];
        const next = tf.tidy(() => {
          const m = tf.add(tf.mul(old.m, beta1), tf.mul(gradient, 1 - beta1));
          const v = tf.add(tf.mul(old.v, beta2), tf.mul(tf.square(gradient), 1 - beta2));
          variable.assign(tf.sub(variable, tf.div(tf.mul(m, scale), tf.add(tf.sqrt(v), smallest))));
          return { m: tf.keep(m), v: tf.keep(v) };
        });
        tf.dispose([old.m, old.v]);
        return next;
      });
    },
    get steps() {
      return steps;
    },
    state() {
      const stored = new Map<string, StoredTensor>();
      variables.forEach(({ name, variable: { shape } }, i) => {
        const { m, v } = moments[i];
        stored.set(`${name}.m`, { shape, values: m.dataSync<'float32'>().slice() });
        stored.set(`${name}.v`, { shape, values: v.dataSync<'float32'>().slice() });
      });
      return stored;
    },
    restore(stepsDone, state) {
      const load = (name: string, shape: number[]) => tf.keep(tf.tensor(requireTensor(state, name, shape).values, shape));
      const restored = variables.map(({ name, variable: { shape } }) => ({
        m: load(`${name}.m`, shape),
        v: load(`${name}.v`, shape),
      }));
      dispose();
      moments = restored;
      steps = stepsDone;
    },
    dispose,
  };
}
