import { distanceOfDot, dotProduct } from '../distance.js';
import { isEnrolled, type Template } from '../person.js';

/** L2 of the raw unit vectors, 0..2; infinite between encoders, whose vectors mean different things. */
export function templateDistance(a: Template, b: Template): number {
  if (a.encoder !== b.encoder || a.modelSha256 !== b.modelSha256 || a.vector.length !== b.vector.length) return Infinity;
  return distanceOfDot(dotProduct(a.vector, b.vector));
}

/** Those of `added` that tell something new: at least `limit` away from every one kept and from each other. */
export function withoutNearDuplicates(kept: readonly Template[], added: readonly Template[], limit: number): Template[] {
  const fresh: Template[] = [];
  for (const candidate of added) {
    const known = (template: Template) => templateDistance(candidate, template) < limit;
    if (!kept.some(known) && !fresh.some(known)) fresh.push(candidate);
  }
  return fresh;
}

/**
 * The `most` templates that differ most, of each encoder: the best first, then again and again the one farthest from all
 * that were taken (farthest-point sampling, at most a factor of two from the best possible spread: Gonzalez 1985). An adaptive
 * one stays only where there is room beside all that were enrolled: they are what it is measured by.
 *
 * @returns them in their old order
 */
export function mostDiverse(templates: readonly Template[], most: number): Template[] {
  const groups = new Map<string, Template[]>();
  for (const template of templates) {
    const encoder = `${template.encoder} ${template.modelSha256}`;
    groups.set(encoder, [...(groups.get(encoder) ?? []), template]);
  }
  const taken = new Set([...groups.values()].flatMap((group) => (group.length <= most ? group : mostOf(group, most))));
  return templates.filter((template) => taken.has(template));
}

function mostOf(group: readonly Template[], most: number): readonly Template[] {
  const enrolled = group.filter(isEnrolled);
  if (enrolled.length >= most) return farthestPoints(enrolled, most);
  const adaptive = group.filter((template) => !isEnrolled(template));
  return [...enrolled, ...farthestPoints(adaptive, most - enrolled.length)];
}

function farthestPoints(templates: readonly Template[], most: number): Template[] {
  let next = templates.reduce((best, template) => (template.quality > best.quality ? template : best));
  const taken: Template[] = [];
  const distances = new Map(templates.map((template) => [template, Infinity]));
  while (taken.length < most) {
    taken.push(next);
    distances.delete(next);
    let farthest = -1;
    const latest = next;
    for (const [template, distance] of distances) {
      const nearer = Math.min(distance, templateDistance(template, latest));
      distances.set(template, nearer);
      if (nearer > farthest) {
        farthest = nearer;
        next = template;
      }
    }
  }
  return taken;
}
