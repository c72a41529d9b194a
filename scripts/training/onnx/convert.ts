import * as tf from '@tensorflow/tfjs';
import { ChannelScale, L2Pooling, LocalResponse, ZeroExtend } from '../networks/layers.js';
import { asChannelAffine, foldInto, type ChannelAffine } from './fold.js';
import { createGraph, type GraphBuilder, type ModelDescription } from './graph.js';

/** What a layer's converter works with. */
interface Context {
  readonly graph: GraphBuilder;
  readonly layer: tf.layers.Layer;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the values that go in. */
  readonly inputs: readonly string[];
  /** The layers that they come from. */
  readonly sources: readonly tf.layers.Layer[];
  /** Shape of the first input, channels last, without the batch. */
  readonly inputShape: readonly number[];
  /** Layers that were made part of another one: their values are its values. */
  readonly absorbed: ReadonlyMap<tf.layers.Layer, Absorbed>;
}

/** A scale or a padding that a convolution does in passing. */
interface Absorbed {
  readonly into: tf.layers.Layer;
}

type Convert = (context: Context) => string;

const INPUT = 'input';
const OUTPUT = 'embedding';

/**
 * A model as an ONNX file: channels first [N, 3, H, W], batch normalisation folded into the convolutions.
 *
 * Throws for a layer that it does not know, and for a graph with several inputs or outputs.
 *
 * @param model one picture in, one vector out
 */
export function toOnnx(model: tf.LayersModel, description: Omit<ModelDescription, 'input' | 'output'>): Uint8Array {
  if (model.inputs.length !== 1 || model.outputs.length !== 1) throw new Error('expected a model with one input and one output');
  const graph = createGraph();
  const absorbed = absorptions(model);
  const values = new Map<tf.layers.Layer, string>();
  const [height, width, channels] = shapeOf(model.inputs[0].shape);

  for (const layer of model.layers) {
    const sources = sourcesOf(layer);
    const inputs = sources.map((source) => required(values.get(source), `the output of ${source.name}`));
    const config = layer.getConfig();
    const inputShape = shapeOf(sources.length > 0 ? (sources[0].outputShape as tf.Shape) : model.inputs[0].shape);
    const context = { graph, layer, config, inputs, sources, inputShape, absorbed };
    values.set(layer, absorbed.has(layer) ? inputs[0] : converterOf(layer)(context));
  }
  const last = model.outputs[0].sourceLayer;
  graph.node('Identity', OUTPUT, [required(values.get(last), 'the output')]);
  return graph.finish({
    ...description,
    input: { name: INPUT, shape: [channels, height, width] },
    output: { name: OUTPUT, shape: shapeOf(model.outputs[0].shape) },
  });
}

const converters: Readonly<Record<string, Convert>> = {
  InputLayer: () => INPUT,
  Conv2D: convolution,
  BatchNormalization: ({ graph, layer, inputs }) => scaleNodes(graph, layer, inputs[0]),
  ChannelScale: ({ graph, layer, inputs }) => scaleNodes(graph, layer, inputs[0]),
  Activation: activation,
  ZeroPadding2D: ({ graph, layer, inputs, config }) => padNode(graph, layer.name, inputs[0], paddingOf(config), 0),
  ZeroExtend: ({ graph, layer, inputs }) => {
    const { rows, columns, channels } = as(ZeroExtend, layer);
    return padNode(graph, layer.name, inputs[0], [0, 0, rows, columns], channels);
  },
  MaxPooling2D: (context) => context.graph.node('MaxPool', context.layer.name, context.inputs, pooling(context)),
  // As in TensorFlow, padding does not count towards the mean.
  AveragePooling2D: (context) =>
    context.graph.node('AveragePool', context.layer.name, context.inputs, { ...pooling(context), count_include_pad: 0 }),
  L2Pooling: ({ graph, layer, inputs }) => {
    const { poolSize, stride } = as(L2Pooling, layer);
    return graph.node('LpPool', layer.name, inputs, { p: 2, kernel_shape: [poolSize, poolSize], strides: [stride, stride] });
  },
  LocalResponse: ({ graph, layer, inputs }) => {
    const { size, alpha, beta, bias } = as(LocalResponse, layer);
    return graph.node('LRN', layer.name, inputs, { size, alpha: { float: alpha }, beta: { float: beta }, bias: { float: bias } });
  },
  Concatenate: ({ graph, layer, inputs, config, inputShape }) => {
    const channelsLast = inputShape.length === 3 && (config.axis === 3 || config.axis === -1);
    if (!channelsLast) throw new Error(`expected ${layer.name} to join channels, received axis ${String(config.axis)}`);
    return graph.node('Concat', layer.name, inputs, { axis: 1 });
  },
  Add: ({ graph, layer, inputs }) =>
    inputs
      .slice(1)
      .reduce((sum, input, i) => graph.node('Add', i === 0 ? layer.name : `${layer.name}_${i}`, [sum, input]), inputs[0]),
  GlobalAveragePooling2D: ({ graph, layer, inputs }) =>
    graph.node('Flatten', layer.name, [graph.node('GlobalAveragePool', `${layer.name}_mean`, inputs)], { axis: 1 }),
  Flatten: flatten,
  Dense: dense,
  UnitLength: ({ graph, layer, inputs }) => graph.node('LpNormalization', layer.name, inputs, { axis: -1, p: 2 }),
  // Dropout drops nothing outside training.
  RepeatableDropout: ({ inputs }) => inputs[0],
};

function converterOf(layer: tf.layers.Layer): Convert {
  const kind = layer.getClassName();
  const convert = converters[kind] as Convert | undefined;
  if (!convert)
    throw new Error(`expected one of the layers ${Object.keys(converters).join(', ')}, received ${layer.name} (${kind})`);
  return convert;
}

/**
 * Scales right behind a convolution, and zero padding right before one, become part of it; so nothing else may use the
 * value in between.
 */
function absorptions(model: tf.LayersModel): Map<tf.layers.Layer, Absorbed> {
  const readers = new Map<tf.layers.Layer, number>();
  for (const layer of model.layers) for (const source of sourcesOf(layer)) readers.set(source, (readers.get(source) ?? 0) + 1);
  const absorbed = new Map<tf.layers.Layer, Absorbed>();
  for (const layer of model.layers) {
    const [source] = sourcesOf(layer) as (tf.layers.Layer | undefined)[];
    if (!source || readers.get(source) !== 1) continue;
    if (isScale(layer) && source.getClassName() === 'Conv2D' && isLinear(source)) absorbed.set(layer, { into: source });
    const pads = source.getClassName() === 'ZeroPadding2D' && layer.getClassName() === 'Conv2D';
    // With padding of its own a convolution has both, and they do not lie around the same picture.
    if (pads && layer.getConfig().padding === 'valid') absorbed.set(source, { into: layer });
  }
  return absorbed;
}

/** A scale behind an activation is no scale of what lies before it. */
const isLinear = (layer: tf.layers.Layer) => [undefined, null, 'linear'].includes(layer.getConfig().activation as string);

const isScale = (layer: tf.layers.Layer) => ['BatchNormalization', 'ChannelScale'].includes(layer.getClassName());

function convolution({ graph, layer, config, inputs, sources, inputShape, absorbed }: Context): string {
  const [kernelVariable, biasVariable] = layer.weights.map((weight) => weight.read());
  const [kh, kw, channels, filters] = kernelVariable.shape;
  let affine = {
    kernel: kernelVariable.dataSync<'float32'>(),
    // A layer without a bias gets one of zeros: a scale behind it may need the place.
    bias: config.useBias === true ? biasVariable.dataSync<'float32'>() : new Float32Array(filters),
  };
  for (const [scale, { into }] of absorbed)
    if (into === layer && isScale(scale)) affine = foldInto(affine, channelAffineOf(scale));

  const strides = pairOf(config.strides);
  if (pairOf(config.dilationRate).some((rate) => rate !== 1)) throw new Error(`expected no dilation in ${layer.name}`);
  const padding = absorbed.has(sources[0])
    ? paddingOf(sources[0].getConfig())
    : paddingFor(config.padding, inputShape, [kh, kw], strides);
  const kernel = tf.tidy(() => tf.transpose(tf.tensor(affine.kernel, kernelVariable.shape), [3, 2, 0, 1]).dataSync<'float32'>());
  const weights = [
    graph.floats(`${layer.name}_w`, [filters, channels, kh, kw], kernel),
    graph.floats(`${layer.name}_b`, [filters], affine.bias),
  ];
  const output = graph.node('Conv', layer.name, [inputs[0], ...weights], { kernel_shape: [kh, kw], strides, pads: padding });
  return activated(graph, output, config.activation);
}

function activation({ graph, layer, config, inputs }: Context): string {
  return activated(graph, inputs[0], config.activation, layer.name);
}

const operators: ReadonlyMap<unknown, string> = new Map([
  ['relu', 'Relu'],
  ['sigmoid', 'Sigmoid'],
  ['tanh', 'Tanh'],
]);

function activated(graph: GraphBuilder, input: string, kind: unknown, name = `${input}_activation`): string {
  if (kind === undefined || kind === null || kind === 'linear') return input;
  const operator = operators.get(kind);
  if (operator === undefined) {
    throw new Error(
      `expected one of the activations linear, ${[...operators.keys()].join(', ')}, received ${JSON.stringify(kind)}`,
    );
  }
  return graph.node(operator, name, [input]);
}

function scaleNodes(graph: GraphBuilder, layer: tf.layers.Layer, input: string): string {
  const { scale, shift } = channelAffineOf(layer);
  const shape = [scale.length, 1, 1];
  const scaled = graph.node('Mul', `${layer.name}_scaled`, [input, graph.floats(`${layer.name}_scale`, shape, scale)]);
  return graph.node('Add', layer.name, [scaled, graph.floats(`${layer.name}_shift`, shape, shift)]);
}

function channelAffineOf(layer: tf.layers.Layer): ChannelAffine {
  const values = layer.weights.map((weight) => weight.read().dataSync<'float32'>());
  if (layer instanceof ChannelScale) return { scale: values[0], shift: values[1] };
  const config = layer.getConfig();
  if (config.scale === false || config.center === false) throw new Error(`expected ${layer.name} to have both gamma and beta`);
  const [gamma, beta, mean, variance] = values;
  return asChannelAffine({ gamma, beta, mean, variance, epsilon: Number(config.epsilon) });
}

/** [top, left, bottom, right], as ONNX orders the pads of a picture. */
type Padding = readonly [number, number, number, number];

function padNode(
  graph: GraphBuilder,
  name: string,
  input: string,
  [top, left, bottom, right]: Padding,
  channelsAfter: number,
): string {
  const pads = graph.integers(`${name}_pads`, [0, 0, top, left, 0, channelsAfter, bottom, right]);
  return graph.node('Pad', name, [input, pads]);
}

function paddingOf(config: Readonly<Record<string, unknown>>): Padding {
  const [[top, bottom], [left, right]] = config.padding as [[number, number], [number, number]];
  return [top, left, bottom, right];
}

function pooling({ config, inputShape }: Context) {
  const size = pairOf(config.poolSize);
  const strides = pairOf(config.strides);
  return { kernel_shape: size, strides, pads: paddingFor(config.padding, inputShape, size, strides) };
}

/** The zeros that TensorFlow's `same` means for this input: as evenly as can be, the odd one at the end. */
function paddingFor(
  kind: unknown,
  [height, width]: readonly number[],
  size: readonly number[],
  strides: readonly number[],
): Padding {
  if (kind !== 'same') return [0, 0, 0, 0];
  const total = [height, width].map((length, i) =>
    Math.max(0, (Math.ceil(length / strides[i]) - 1) * strides[i] + size[i] - length),
  );
  const before = total.map((zeros) => Math.floor(zeros / 2));
  return [before[0], before[1], total[0] - before[0], total[1] - before[1]];
}

function flatten({ graph, layer, inputs, inputShape }: Context): string {
  // TensorFlow flattens with the channels last; where there is but one pixel the order is the same.
  const pixels = inputShape.slice(0, -1).reduce((a, b) => a * b, 1);
  const input = pixels > 1 ? graph.node('Transpose', `${layer.name}_channels_last`, inputs, { perm: [0, 2, 3, 1] }) : inputs[0];
  return graph.node('Flatten', layer.name, [input], { axis: 1 });
}

function dense({ graph, layer, config, inputs }: Context): string {
  const [kernel, bias] = layer.weights.map((weight) => weight.read());
  const weights = [graph.floats(`${layer.name}_w`, kernel.shape, kernel.dataSync<'float32'>())];
  if (config.useBias === true) weights.push(graph.floats(`${layer.name}_b`, bias.shape, bias.dataSync<'float32'>()));
  return activated(graph, graph.node('Gemm', layer.name, [inputs[0], ...weights]), config.activation);
}

/** The layers whose values go into this one, in order. */
function sourcesOf(layer: tf.layers.Layer): tf.layers.Layer[] {
  if (layer.getClassName() === 'InputLayer') return [];
  const input = layer.input;
  return (Array.isArray(input) ? input : [input]).map((value) => value.sourceLayer);
}

function shapeOf(shape: tf.Shape): number[] {
  return shape.slice(1).map((length) => required(length, 'a known length'));
}

function pairOf(value: unknown): [number, number] {
  return Array.isArray(value) ? (value as [number, number]) : [Number(value), Number(value)];
}

function required<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`expected ${what}, found none`);
  return value;
}

/** The layer as what its class name says it is. */
function as<L extends tf.layers.Layer>(kind: new (...config: never[]) => L, layer: tf.layers.Layer): L {
  if (!(layer instanceof kind)) throw new Error(`expected ${layer.name} to be a ${kind.name}`);
  return layer;
}
