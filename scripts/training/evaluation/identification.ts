import { l2 } from '../../../src/identity/calibration/pair-distances.js';
import { rateOf, type Rate } from '../../../src/identity/calibration/rates.js';

/** Who is at the door, told from so many templates a person (1:N), at a certain threshold. */
export interface Identification {
  readonly templates: number;
  /** Enrolled people who are nearest to a template of their own, whatever the distance. */
  readonly rank1: Rate;
  /** Enrolled people who are nearest to a template of their own, and nearer than the threshold. */
  readonly identified: Rate;
  /** Enrolled people who are taken for somebody else: nearest to another's template, and nearer than the threshold. */
  readonly misnamed: Rate;
  /** The same probes with their person left out of the gallery: strangers who are let in. */
  readonly strangersLetIn: Rate;
}

interface Template {
  readonly person: string;
  readonly vector: Float32Array;
}

/**
 * Identification with the first 1, 3 and 5 photographs of each person as templates.
 *
 * All probes are the photographs after the fifth, so that the numbers of templates are compared on the very same probes;
 * people with five or fewer photographs are in the gallery only.
 */
export function identify(
  vectors: readonly Float32Array[],
  people: readonly string[],
  threshold: number,
  counts: readonly number[] = [1, 3, 5],
): Identification[] {
  const most = Math.max(...counts);
  const order = people.map((person, i) => people.slice(0, i).filter((other) => other === person).length);
  const probes: Template[] = vectors.flatMap((vector, i) => (order[i] >= most ? [{ person: people[i], vector }] : []));
  return counts.map((templates) => {
    const gallery = vectors.flatMap((vector, i) => (order[i] < templates ? [{ person: people[i], vector }] : []));
    let [rank1, identified, misnamed, letIn] = [0, 0, 0, 0];
    for (const probe of probes) {
      const own = nearest(probe, gallery, (person) => person === probe.person);
      const other = nearest(probe, gallery, (person) => person !== probe.person);
      const right = own < other;
      if (right) rank1++;
      if (right && own < threshold) identified++;
      if (!right && other < threshold) misnamed++;
      if (other < threshold) letIn++;
    }
    const rate = (count: number) => rateOf(count, probes.length);
    return { templates, rank1: rate(rank1), identified: rate(identified), misnamed: rate(misnamed), strangersLetIn: rate(letIn) };
  });
}

function nearest({ vector }: Template, gallery: readonly Template[], among: (person: string) => boolean): number {
  let best = Infinity;
  for (const template of gallery) if (among(template.person)) best = Math.min(best, l2(vector, template.vector));
  return best;
}
