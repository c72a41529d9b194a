import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { similarity } from '../../src/identity/distance.js';
import { startBackend } from '../../scripts/training/backend.js';
import { buildNetwork, networkNamed, networks, trainableParameters } from '../../scripts/training/networks/index.js';
import { RepeatableDropout } from '../../scripts/training/networks/layers.js';
import { siamese } from '../../scripts/training/networks/siamese.js';
import { createRandom } from '../../scripts/training/random.js';

beforeAll(async () => {
  await startBackend('wasm');
});

function picture(size: number, seed: number, count = 2): tf.Tensor {
  return tf.randomUniform([count, size, size, 3], -1, 1, 'float32', seed);
}

describe('nn4.small2', () => {
  const model = () => buildNetwork(networkNamed('facenet'), { seed: 1 });

  it('has as many parameters as OpenFace published', () => {
    const network = model();
    expect(trainableParameters(network)).toBe(3_733_968);
    // What the Keras port prints: 9,312 moving means and variances more.
    expect(network.countParams()).toBe(3_743_280);
  });

  it('prints a summary with the layer names of OpenFace', () => {
    const lines: string[] = [];
    model().summary(120, undefined, (line) => lines.push(String(line)));
    const summary = lines.join('\n');
    for (const name of [
      'conv1',
      'bn3',
      'inception_3a_3x3_conv1',
      'inception_4e_5x5_bn2',
      'inception_5b_1x1_conv',
      'dense_layer',
    ]) {
      expect(summary).toContain(name);
    }
    expect(summary).toMatch(/Trainable params: 3733968/);
  });

  it('halves 96 pixels five times, with the channels of the FaceNet paper', () => {
    const network = model();
    const shapes = ['3a', '3b', '3c', '4a', '4e', '5a', '5b'].map((block) => network.getLayer(`inception_${block}`).outputShape);
    expect(shapes).toEqual([
      [null, 12, 12, 256],
      [null, 12, 12, 320],
      [null, 6, 6, 640],
      [null, 6, 6, 640],
      [null, 3, 3, 1024],
      [null, 3, 3, 736],
      [null, 3, 3, 736],
    ]);
  });

  it('refuses an input of another size', () => {
    expect(() => buildNetwork(networkNamed('facenet'), { seed: 1, inputPx: 112 })).toThrow(/96 px.*received 112/);
  });
});

describe.each(Object.values(networks).map((network) => [network.name, network] as const))('%s', (_name, network) => {
  it('gives finite embeddings, of unit length where the network says so', () => {
    const model = buildNetwork(network, { seed: 3 });
    const embeddings = model.predict(picture(network.inputPx, 5)) as tf.Tensor;
    expect(embeddings.shape).toEqual([2, network.embeddingSize]);
    const lengths = tf.norm(embeddings, 'euclidean', 1).dataSync();
    for (const length of lengths) {
      expect(length).toBeGreaterThan(0);
      if (network.name !== 'dlib-resnet') expect(length).toBeCloseTo(1, 5);
    }
  });

  it('has the same random weights for the same seed and others for another', () => {
    const [first, again, other] = [7, 7, 8].map((seed) => {
      const model = buildNetwork(network, { seed });
      return (model.predict(picture(network.inputPx, 5)) as tf.Tensor).dataSync();
    });
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });
});

describe('the networks by name', () => {
  it('names the ones there are when asked for another', () => {
    expect(() => networkNamed('vgg')).toThrow('expected one of the networks facenet, compact, dlib-resnet, received "vgg"');
  });
});

describe('a network with an input that is too small', () => {
  it('is refused by the name of the layer that nothing is left at', () => {
    expect(() => buildNetwork(networkNamed('dlib-resnet'), { inputPx: 64 })).toThrow(
      'expected an input of which something is left at conv256_down_out/conv1/conv, received 64 px',
    );
  });
});

describe('dropout', () => {
  it('draws other masks at every step, and the same ones from the same state', () => {
    const model = buildNetwork(networkNamed('compact'), { seed: 1 });
    const input = picture(12, 2);
    const layers = model.layers.filter((layer) => layer instanceof RepeatableDropout);
    const run = () => (model.apply(input, { training: true }) as tf.Tensor).dataSync();
    expect(run).toThrow(/dropout1 to have a source of random numbers/);
    const start = () => {
      const random = createRandom(4);
      for (const layer of layers) layer.random = random;
    };
    start();
    const [first, second] = [run(), run()];
    start();
    expect(run()).toEqual(first);
    expect(second).not.toEqual(first);
    expect((model.apply(input, {}) as tf.Tensor).dataSync()).toEqual((model.predict(input) as tf.Tensor).dataSync());
  });
});

describe('the Siamese network', () => {
  it('squashes the distance to the similarity that the product prints', () => {
    const encoder = buildNetwork(networkNamed('compact'), { seed: 1 });
    const [a, b] = [picture(12, 1), picture(12, 2)];
    const [ea, eb] = [a, b].map((x) => (encoder.predict(x) as tf.Tensor).arraySync() as number[][]);
    const similarities = (siamese(encoder, 0.7).predict([a, b]) as tf.Tensor).arraySync() as number[][];
    ea.forEach((vector, row) => {
      const distance = Math.hypot(...vector.map((value, i) => value - eb[row][i]));
      expect(similarities[row][0]).toBeCloseTo(similarity(distance, 0.7), 4);
    });
    const same = (siamese(encoder, 0.7).predict([a, a]) as tf.Tensor).arraySync() as number[][];
    expect(same[0][0]).toBeCloseTo(similarity(0), 4);
  });
});
