import { borderFor, augmentationDefaults } from '../../scripts/training/data/augment.js';
import type { Crop } from '../../scripts/training/data/crops.js';
import { createRandom } from '../../scripts/training/random.js';

/** "Faces" that are colours and stripes of their own for each person, with noise: no photographs, and quick to learn. */
export function syntheticCrops(people: number, each: number, inputPx: number, seed = 1): Crop[] {
  const sizePx = inputPx + 2 * borderFor(inputPx, augmentationDefaults);
  const random = createRandom(seed);
  return Array.from({ length: people }, (_, person) => {
    const colour = [random.next(), random.next(), random.next()].map((value) => 60 + 130 * value);
    const stripes = 2 + random.integer(5);
    return Array.from({ length: each }, (__, photograph): Crop => {
      // Light that differs as much as people do.
      const light = random.normal() * 40;
      const planes = new Uint8ClampedArray(3 * sizePx * sizePx);
      for (let i = 0; i < planes.length; i++) {
        const channel = Math.floor(i / (sizePx * sizePx));
        const row = Math.floor((i % (sizePx * sizePx)) / sizePx);
        planes[i] = colour[channel] + (row % stripes === 0 ? 40 : 0) + light + random.normal() * 15;
      }
      return { person: `person ${person}`, path: `${person}/${photograph}.jpg`, sizePx, planes };
    });
  }).flat();
}
