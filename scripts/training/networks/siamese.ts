import * as tf from '@tensorflow/tfjs';
import { DistanceSimilarity } from './layers.js';

/**
 * Two faces in, their similarity out (0..1, above 0.5 for one person): twins of one encoder that share its weights.
 *
 * @param threshold L2 distance of the encoder's embeddings at which the similarity is 0.5
 */
export function siamese(encoder: tf.LayersModel, threshold: number): tf.LayersModel {
  const shape = encoder.inputs[0].shape.slice(1);
  const faces = ['face_a', 'face_b'].map((name) => tf.input({ shape, name }));
  const embeddings = faces.map((face) => encoder.apply(face) as tf.SymbolicTensor);
  const similarity = new DistanceSimilarity({ name: 'similarity', threshold }).apply(embeddings) as tf.SymbolicTensor;
  return tf.model({ inputs: faces, outputs: similarity, name: `siamese_${encoder.name}` });
}
