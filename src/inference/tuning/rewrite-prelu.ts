import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from 'onnx-buf';

/**
 * How PRelu(x) = x for x >= 0, a x below (one slope a for each channel) is said in other operators.
 *
 * `convolution`: a x + (1 - a) Relu(x), the factors as depthwise 1x1 convolutions. On x64 ONNX Runtime keeps all of these in its
 * blocked layout, which PRelu makes it leave and enter again: 3 of 8 ms of the default encoder, and 3 more in PRelu itself.
 *
 * `maximum`: Max(x, a x), right for slopes up to 1, for machines without the blocked layout (arm64).
 */
export type PReluForm = 'convolution' | 'maximum';

/** The file holds a plain number there. */
const FLOAT: number = TensorProto_DataType.FLOAT;
/** 1 - a closer to zero than this, or negative, cannot be moved into the convolution before without losing digits. */
const LEAST_FACTOR = 0.05;

/**
 * The same model with its PRelu nodes rewritten.
 *
 * @returns undefined where it has none that can be
 */
export function rewritePRelu(onnx: Uint8Array, form: PReluForm): Uint8Array | undefined {
  const model = fromBinary(ModelProtoSchema, onnx);
  const { graph } = model;
  if (!graph) return undefined;
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  let rewritten = 0;
  const nodes: NodeProto[] = [];
  for (const node of graph.node) {
    const slopes = node.opType === 'PRelu' ? slopesOf(constants.get(node.input[1])) : undefined;
    const replaced = slopes && (form === 'maximum' ? maximum(node, slopes) : convolution(node, slopes, nodes, constants, graph));
    if (replaced) rewritten++;
    nodes.push(...(replaced ?? [node]));
  }
  graph.node = nodes;
  const used = new Set(nodes.flatMap(({ input }) => input));
  graph.initializer = graph.initializer.filter(({ name }) => used.has(name));
  // Old files list their constants as inputs too.
  graph.input = graph.input.filter(({ name }) => used.has(name));
  return rewritten === 0 ? undefined : toBinary(ModelProtoSchema, model);
}

/** One slope for each channel, shape [C, 1, 1]; undefined for any other form. */
function slopesOf(tensor: TensorProto | undefined): Float32Array<ArrayBuffer> | undefined {
  const { dims } = tensor ?? { dims: [] };
  const perChannel = dims.length === 3 && dims[1] === 1n && dims[2] === 1n;
  return tensor && perChannel && tensor.dataType === FLOAT ? floatsOf(tensor) : undefined;
}

function maximum({ input: [x, slope], output: [y] }: NodeProto, slopes: Float32Array): NodeProto[] | undefined {
  if (slopes.some((value) => !(value <= 1))) return undefined;
  return [operator('Mul', [x, slope], `${y}_below`), operator('Max', [x, `${y}_below`], y)];
}

function convolution(
  { input: [x], output: [y] }: NodeProto,
  slopes: Float32Array<ArrayBuffer>,
  before: readonly NodeProto[],
  constants: Map<string, TensorProto>,
  graph: GraphProto,
): NodeProto[] {
  const factor = (name: string, values: Float32Array<ArrayBuffer>): string => {
    const dims = [BigInt(values.length), 1n, 1n, 1n];
    const tensor = create(TensorProtoSchema, { name, dims, dataType: FLOAT, rawData: bytesOf(values) });
    graph.initializer.push(tensor);
    constants.set(name, tensor);
    return name;
  };
  const above = slopes.map((slope) => 1 - slope);
  const producer = before.find(({ output }) => output[0] === x);
  const readOnce = (name: string) => graph.node.filter(({ input }) => input.includes(name)).length === 1;
  const movable =
    producer?.opType === 'Conv' &&
    [x, ...producer.input.slice(1)].every(readOnce) &&
    above.every((value) => value >= LEAST_FACTOR);

  if (movable && scaleOutputs(producer, above, constants)) {
    // x is now (1 - a) times what it was, so Relu(x) needs no factor of its own.
    const below = factor(
      `${y}_slope`,
      slopes.map((slope, channel) => slope / above[channel]),
    );
    return [
      operator('Relu', [x], `${y}_above`),
      depthwise(x, below, slopes.length, `${y}_below`),
      operator('Add', [`${y}_below`, `${y}_above`], y),
    ];
  }
  return [
    operator('Relu', [x], `${y}_positive`),
    depthwise(`${y}_positive`, factor(`${y}_rest`, above), slopes.length, `${y}_above`),
    depthwise(x, factor(`${y}_slope`, slopes), slopes.length, `${y}_below`),
    operator('Add', [`${y}_below`, `${y}_above`], y),
  ];
}

/** Multiplies each output channel of a convolution, in its weights and bias. False where those are no constants. */
function scaleOutputs(node: NodeProto, factors: Float32Array, constants: ReadonlyMap<string, TensorProto>): boolean {
  const tensors = node.input.slice(1).map((name) => constants.get(name));
  if (tensors.some((tensor) => tensor?.dataType !== FLOAT)) return false;
  for (const tensor of tensors) {
    if (!tensor) continue;
    const values = floatsOf(tensor);
    const perChannel = values.length / factors.length;
    tensor.rawData = bytesOf(values.map((value, i) => value * factors[Math.floor(i / perChannel)]));
    tensor.floatData = [];
  }
  return true;
}

const operator = (opType: string, input: string[], output: string): NodeProto =>
  create(NodeProtoSchema, { opType, name: output, input, output: [output] });

function depthwise(x: string, weights: string, channels: number, output: string): NodeProto {
  const node = operator('Conv', [x, weights], output);
  node.attribute = [
    create(AttributeProtoSchema, { name: 'group', type: AttributeProto_AttributeType.INT, i: BigInt(channels) }),
    create(AttributeProtoSchema, { name: 'kernel_shape', type: AttributeProto_AttributeType.INTS, ints: [1n, 1n] }),
  ];
  return node;
}

/** A copy of a float32 constant, whichever of the two ways it is stored. */
function floatsOf({ floatData, rawData }: TensorProto): Float32Array<ArrayBuffer> {
  // new Uint8Array copies, to where four-byte values may begin; a Buffer's own slice() would not.
  return floatData.length > 0 ? Float32Array.from(floatData) : new Float32Array(new Uint8Array(rawData).buffer);
}

const bytesOf = (values: Float32Array<ArrayBuffer>) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
