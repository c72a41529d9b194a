import type { Person } from '../identity/person.js';

/** A person without the embeddings: those stay in the file. */
export function summary({ templates, ...person }: Person): object {
  return { ...person, templates: templates.length };
}
