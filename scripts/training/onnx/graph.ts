import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';

/** Opset and format of ONNX 1.12 (2022): old enough for the TensorRT of JetPack 5, and nothing here needs a newer one. */
export const OPSET = 17;
const IR_VERSION = 8n;

type Attribute = number | string | readonly number[];

/** Marks a number that ONNX wants as a float, though it may be a whole one. */
export interface FloatAttribute {
  readonly float: number;
}

/** An ONNX graph in the making. Values go by their names; every node here has one output. */
export interface GraphBuilder {
  /** Adds a node and gives the name of its output, which is the node's own. */
  node(
    operator: string,
    name: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute | FloatAttribute>>,
  ): string;
  /** Adds a constant of float32 and gives its name. */
  floats(name: string, shape: readonly number[], values: Float32Array): string;
  /** Adds a constant of int64 and gives its name. */
  integers(name: string, values: readonly number[]): string;
  /** The whole model as an .onnx file. */
  finish(model: ModelDescription): Uint8Array;
}

/** A value that goes in or out. The first dimension is the batch, "N". */
export interface Port {
  readonly name: string;
  /** Without the batch. */
  readonly shape: readonly number[];
}

export interface ModelDescription {
  readonly name: string;
  readonly producerVersion: string;
  readonly input: Port;
  readonly output: Port;
  /** Words about the model that stay in the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

export function createGraph(): GraphBuilder {
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];

  return {
    node(operator, name, inputs, attributes = {}) {
      const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
      nodes.push(create(NodeProtoSchema, { opType: operator, name, input: [...inputs], output: [name], attribute }));
      return name;
    },
    floats(name, shape, values) {
      const count = shape.reduce((a, b) => a * b, 1);
      if (count !== values.length)
        throw new Error(`expected ${count} values for ${name} [${shape.join(', ')}], received ${values.length}`);
      initializers.push(
        create(TensorProtoSchema, {
          name,
          dims: shape.map(BigInt),
          dataType: TensorProto_DataType.FLOAT,
          rawData: littleEndian(values),
        }),
      );
      return name;
    },
    integers(name, values) {
      const dims = [BigInt(values.length)];
      initializers.push(
        create(TensorProtoSchema, { name, dims, dataType: TensorProto_DataType.INT64, int64Data: values.map(BigInt) }),
      );
      return name;
    },
    finish({ name, producerVersion, input, output, metadata }) {
      const model = create(ModelProtoSchema, {
        irVersion: IR_VERSION,
        producerName: 'facelatch',
        producerVersion,
        opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(OPSET) })],
        graph: create(GraphProtoSchema, {
          name,
          node: nodes,
          initializer: initializers,
          input: [valueInfo(input)],
          output: [valueInfo(output)],
        }),
        metadataProps: Object.entries(metadata).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
      });
      return toBinary(ModelProtoSchema, model);
    },
  };
}

function attributeOf(name: string, value: Attribute | FloatAttribute): AttributeProto {
  if (typeof value === 'number')
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) });
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.STRING, s: new TextEncoder().encode(value) });
  }
  if ('float' in value) return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) });
}

function valueInfo({ name, shape }: Port): ValueInfoProto {
  const batch = create(TensorShapeProto_DimensionSchema, { value: { case: 'dimParam', value: 'N' } });
  const dim = [
    batch,
    ...shape.map((length) => create(TensorShapeProto_DimensionSchema, { value: { case: 'dimValue', value: BigInt(length) } })),
  ];
  const tensorType = create(TypeProto_TensorSchema, {
    elemType: TensorProto_DataType.FLOAT,
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value: tensorType } }),
  });
}

/** ONNX files are little-endian, whatever wrote them. */
function littleEndian(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return bytes;
}
