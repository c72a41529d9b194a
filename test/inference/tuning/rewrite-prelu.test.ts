import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  TensorShapeProtoSchema,
  TensorShapeProto_DimensionSchema,
  TypeProtoSchema,
  TypeProto_TensorSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { loadRuntime } from '../../../src/inference/runtime.js';
import { rewritePRelu, type PReluForm } from '../../../src/inference/tuning/rewrite-prelu.js';
import { modelsFolder } from '../real-models.js';

const forms: readonly PReluForm[] = ['convolution', 'maximum'];

async function run(onnx: Uint8Array, input: Float32Array, dims: readonly number[]): Promise<Float32Array> {
  const { InferenceSession, Tensor } = await loadRuntime();
  const session = await InferenceSession.create(onnx, { intraOpNumThreads: 1 });
  const results = await session.run({ [session.inputNames[0]]: new Tensor('float32', input, dims) });
  await session.release();
  return results[session.outputNames[0]].data as Float32Array;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 0.37) * Math.cos(i * 0.011));

describe('PRelu said otherwise', () => {
  for (const [model, side] of [
    ['mobilefacenet-arcface', 112],
    ['minifasnet-liveness', 128],
  ] as const) {
    it.each(forms)(`leaves what ${model} says as it was, as a %s`, async (form) => {
      const shipped = await readFile(join(modelsFolder, `${model}.onnx`));
      const rewritten = rewritePRelu(shipped, form);
      if (!rewritten) throw new Error('expected a model with PRelu');
      const input = wave(3 * side * side);
      const expected = await run(shipped, input, [1, 3, side, side]);
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largestDifference(await run(rewritten, input, [1, 3, side, side]), expected)).toBeLessThan(1e-4 * largest);
    });
  }

  it('says nothing of a model without one', async () => {
    expect(rewritePRelu(await readFile(join(modelsFolder, 'ultraface-rfb-320.onnx')), 'convolution')).toBeUndefined();
  });

  // Below 1 the slope moves into the convolution before; near 1, at it, and beyond it cannot.
  it.each([
    ['small', [0.25, 0, -0.5, 0.9], 1],
    ['near 1', [0.25, 0.999, 0.1, 0.2], 1],
    ['1', [1, 0.5, 0.5, 0.5], 1],
    ['beyond 1', [1.23, -1.35, 3, 0.2], 1],
    ['small, where the convolution is read by somebody else too', [0.25, 0, -0.5, 0.9], 2],
  ] as const)('is right for slopes that are %s', async (_, slopes, readers) => {
    const onnx = smallModel(slopes, readers);
    const input = wave(2 * 5 * 5);
    const expected = await run(onnx, input, [1, 2, 5, 5]);
    for (const form of forms) {
      const rewritten = rewritePRelu(onnx, form);
      if (form === 'maximum' && slopes.some((slope) => slope > 1)) expect(rewritten).toBeUndefined();
      else expect(largestDifference(await run(rewritten ?? onnx, input, [1, 2, 5, 5]), expected)).toBeLessThan(1e-5);
      if (form === 'convolution') expect(rewritten).toBeDefined();
    }
  });
});

/** Convolution of 2 into 4 channels with a bias, then PRelu; with two readers the convolution is added to the result. */
function smallModel(slopes: readonly number[], readers: 1 | 2): Uint8Array {
  const floats = (name: string, dims: readonly number[], values: readonly number[]) =>
    create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: 1, floatData: [...values] });
  const port = (name: string, channels: number) =>
    create(ValueInfoProtoSchema, {
      name,
      type: create(TypeProtoSchema, {
        value: {
          case: 'tensorType',
          value: create(TypeProto_TensorSchema, {
            elemType: 1,
            shape: create(TensorShapeProtoSchema, {
              dim: [1, channels, 5, 5].map((size) =>
                create(TensorShapeProto_DimensionSchema, { value: { case: 'dimValue', value: BigInt(size) } }),
              ),
            }),
          }),
        },
      }),
    });
  const kernel = create(AttributeProtoSchema, { name: 'kernel_shape', type: AttributeProto_AttributeType.INTS, ints: [1n, 1n] });
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: 13n })],
      graph: create(GraphProtoSchema, {
        name: 'small',
        input: [port('x', 2)],
        output: [port(readers === 1 ? 'y' : 'z', 4)],
        initializer: [
          floats('w', [4, 2, 1, 1], [1, -2, 0.5, 3, -1, 1, 2, 0.1]),
          floats('b', [4], [0.1, -0.2, 0.3, 0]),
          floats('a', [4, 1, 1], slopes),
        ],
        node: [
          create(NodeProtoSchema, { opType: 'Conv', input: ['x', 'w', 'b'], output: ['c'], attribute: [kernel] }),
          create(NodeProtoSchema, { opType: 'PRelu', input: ['c', 'a'], output: ['y'] }),
          ...(readers === 2 ? [create(NodeProtoSchema, { opType: 'Add', input: ['c', 'y'], output: ['z'] })] : []),
        ],
      }),
    }),
  );
}
