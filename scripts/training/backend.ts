import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { registerConvGradients } from './conv-gradients.js';

/** `tensorflow` is the native library (tfjs-node), `cpu` plain JavaScript, about two hundred times slower than `wasm`. */
export type Backend = 'tensorflow' | 'wasm' | 'cpu';

/**
 * Chooses what TensorFlow.js computes with: the native library where @tensorflow/tfjs-node is installed, otherwise
 * WebAssembly with the gradients that it lacks.
 *
 * @param wanted a certain one, or the fastest that there is
 * @returns the one in use
 */
export async function startBackend(wanted?: Backend): Promise<Backend> {
  if (wanted === undefined || wanted === 'tensorflow') {
    if (await hasNativeLibrary()) return use('tensorflow');
    if (wanted === 'tensorflow')
      throw new Error(
        'expected @tensorflow/tfjs-node to be installed, found none: "npm install --no-save @tensorflow/tfjs-node"',
      );
  }
  const backend = wanted ?? 'wasm';
  if (backend === 'wasm') registerConvGradients();
  return use(backend);
}

async function use(backend: Backend): Promise<Backend> {
  await tf.setBackend(backend);
  await tf.ready();
  return backend;
}

/** tfjs-node downloads 400 MB when it is installed and so is no dependency: a variable keeps the compiler from looking for it. */
async function hasNativeLibrary(): Promise<boolean> {
  const optional = '@tensorflow/tfjs-node';
  try {
    await import(optional);
    return true;
  } catch {
    return false;
  }
}
