import * as tf from '@tensorflow/tfjs';

/** A tensor outside TensorFlow.js. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export type StoredTensors = ReadonlyMap<string, StoredTensor>;

/** One weight of a layer. */
export interface NamedVariable {
  /** `<layer>/<role>`, such as conv1/kernel: the same in every process, unlike TensorFlow.js's own names. */
  readonly name: string;
  readonly layer: string;
  readonly variable: tf.Variable;
  /** Changed by the gradient, if its layer is not frozen. Moving means and variances are not. */
  readonly trainable: boolean;
}

/** All weights of a model, in the order of its layers. */
export function namedVariables(model: tf.LayersModel): NamedVariable[] {
  return model.layers.flatMap((layer) =>
    layer.weights.map((weight) => ({
      name: `${layer.name}/${weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1)}`,
      layer: layer.name,
      variable: variableOf(weight),
      trainable: layer.trainableWeights.includes(weight),
    })),
  );
}

/** TensorFlow.js hides the variable behind a layer's weight; the optimizer needs the variable itself. */
function variableOf(weight: tf.LayerVariable): tf.Variable {
  const value = weight.read();
  if (!isVariable(value)) throw new Error(`expected the weight ${weight.name} to be a variable`);
  return value;
}

function isVariable(tensor: tf.Tensor): tensor is tf.Variable {
  return tensor instanceof tf.Variable;
}

export function readWeights(model: tf.LayersModel): StoredTensors {
  return new Map(
    namedVariables(model).map(({ name, variable }) => [
      name,
      { shape: variable.shape, values: variable.dataSync<'float32'>().slice() },
    ]),
  );
}

/** Throws for the first weight that is missing or has another shape, naming it, before any is changed. */
export function writeWeights(model: tf.LayersModel, stored: StoredTensors): void {
  const variables = namedVariables(model);
  const tensors = variables.map(({ name, variable }) => requireTensor(stored, name, variable.shape));
  variables.forEach(({ variable }, i) => {
    tf.tidy(() => variable.assign(tf.tensor(tensors[i].values, variable.shape)));
  });
}

/** The tensor of this name and shape. */
export function requireTensor(stored: StoredTensors, name: string, shape: readonly number[]): StoredTensor {
  const tensor = stored.get(name);
  if (!tensor) throw new Error(`expected the weights "${name}" of shape [${shape.join(', ')}], found none`);
  if (tensor.shape.join() !== shape.join()) {
    throw new Error(
      `expected the weights "${name}" to have the shape [${shape.join(', ')}], received [${tensor.shape.join(', ')}]`,
    );
  }
  return tensor;
}
