import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { readModel, type TrainedModel } from '../model-file.js';
import { writeWeights, type StoredTensors } from '../named-weights.js';
import { dlibResnet } from '../networks/dlib-resnet.js';
import { facenet } from '../networks/facenet.js';
import { buildNetwork } from '../networks/index.js';
import type { Network } from '../networks/network.js';
import { runFolder } from '../run/run.js';
import { FACE_API_MANIFEST, readFaceApiFolder } from './face-api.js';
import { readOpenFaceFolder } from './openface-csv.js';

/**
 * A network with weights from wherever they may come: a model file, the folder of a training run, a folder of OpenFace's
 * CSV files, a folder of face-api's models, or "dlib-resnet" for those of the installed face-api.
 */
export async function loadModel(source: string): Promise<TrainedModel> {
  if (source === dlibResnet.name) return loadModel(installedFaceApi());
  if (!existsSync(source)) throw new Error(`expected a model at ${source}, found none`);
  if (!statSync(source).isDirectory()) return readModel(source);
  const { model } = runFolder(source);
  if (existsSync(model)) return readModel(model);
  if (existsSync(join(source, FACE_API_MANIFEST))) {
    return withWeights(
      dlibResnet,
      await readFaceApiFolder(source),
      'dlib’s face_recognition_resnet_model_v1 (CC0), from @vladmandic/face-api',
    );
  }
  // Whatever else is in a folder, OpenFace's reader says what is missing.
  return withWeights(facenet, await readOpenFaceFolder(source), `OpenFace’s nn4.small2, from ${basename(source)}`);
}

function installedFaceApi(): string {
  return join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'model');
}

function withWeights(network: Network, weights: StoredTensors, origin: string): TrainedModel {
  const model = buildNetwork(network, {});
  writeWeights(model, weights);
  return { network, inputPx: network.inputPx, model, origin };
}
