/** The largest difference of one component, and how far apart the vectors lie (L2). */
export interface Difference {
  readonly component: number;
  readonly distance: number;
}

/** @throws Error when the vectors are of different lengths, or empty */
export function difference(a: readonly number[], b: readonly number[]): Difference {
  if (a.length !== b.length || a.length === 0)
    throw new Error(`expected vectors of one length, received ${a.length} and ${b.length}`);
  const differences = a.map((value, i) => Math.abs(value - b[i]));
  return { component: Math.max(...differences), distance: Math.hypot(...differences) };
}

export interface Exported {
  readonly people: readonly { readonly name: string; readonly templates: readonly { readonly vector: readonly number[] }[] }[];
}

/** Both exports (`facelatch people export`) hold the same people, each with one template: how far these lie apart at most. */
export function differenceOf(ours: Exported, theirs: Exported): Difference {
  const worst = { component: 0, distance: 0 };
  for (const { name, templates } of ours.people) {
    const other = theirs.people.find((person) => person.name === name)?.templates ?? [];
    if (templates.length !== 1 || other.length !== 1) {
      throw new Error(`expected one template of ${name} on both sides, received ${templates.length} and ${other.length}`);
    }
    const { component, distance } = difference(templates[0].vector, other[0].vector);
    worst.component = Math.max(worst.component, component);
    worst.distance = Math.max(worst.distance, distance);
  }
  return worst;
}
