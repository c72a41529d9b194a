import { scaleTemplate, dlibTemplate } from '../networks/templates.js';
import { cutCrop } from '../data/crops.js';
import type { Embedder } from './embed.js';

const SIZE_PX = 64;

/**
 * The floor that every encoder must beat: aligned faces compared pixel by pixel. The distance is the root of the mean
 * square difference of two pictures, 0..1.
 */
export const pixelEmbedder: Embedder = {
  name: 'pixels',
  embed(found) {
    const { planes } = cutCrop(found, scaleTemplate(dlibTemplate, SIZE_PX), SIZE_PX, 0);
    const scale = 1 / (255 * Math.sqrt(planes.length));
    return Promise.resolve(Float32Array.from(planes, (value) => value * scale));
  },
};
