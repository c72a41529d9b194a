import type { Logger } from 'pino';
import type { SeenAt } from '../access/presentations.js';
import type { Clock } from '../clock.js';
import { reasonOf } from '../errors.js';
import type { Happening } from '../events.js';
import { enrolledTemplates, refreshment, type AdaptiveRules } from '../identity/adaptive.js';
import type { Gallery } from '../identity/gallery.js';
import type { Change, People } from '../identity/people.js';
import type { Person } from '../identity/person.js';
import type { Vision } from '../vision.js';
import type { Lookout, SightedFace } from './lookout.js';

interface Needs {
  readonly rules: AdaptiveRules;
  readonly people: Pick<People, 'find' | 'changeTemplates'>;
  readonly gallery: Pick<Gallery, 'nearest'>;
  readonly vision: Pick<Vision, 'encoder'>;
  readonly lookout: Pick<Lookout, 'newest'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
}

/** Renews templates by very sure grants, after the door was told to open: never in its way. */
export class AdaptiveTemplates {
  readonly #needs: Needs;
  #decided: SightedFace | undefined;
  /** One at a time, for whoever waits for it. */
  learning: Promise<void> = Promise.resolve();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Whose verdict follows. */
  decided({ box, seenAtMs }: SeenAt): void {
    const { newest } = this.#needs.lookout;
    const there = newest?.frame.capturedAtMs === seenAtMs;
    this.#decided = there ? newest.faces.find(({ detection }) => detection.box === box) : undefined;
  }

  /** The verdict. */
  happened(happening: Happening): void {
    const face = this.#decided;
    if (happening.type !== 'granted' || !face) return;
    this.#decided = undefined;
    const { id } = happening.person;
    this.learning = this.learning.then(() => this.#learn(id, face, happening.liveness));
  }

  async #learn(id: string, { observation }: SightedFace, liveness: number | undefined): Promise<void> {
    const { rules, people, gallery, vision, clock, log } = this.#needs;
    const person = people.find(id);
    const { embedding, quality } = observation;
    if (!person || !embedding) return;
    const template = {
      encoder: vision.encoder.id,
      modelSha256: vision.encoder.sha256,
      vector: embedding.vector,
      quality: quality.score,
    };
    const othersDistance = gallery.nearest(embedding, id)?.distance ?? Infinity;
    const change = refreshment(person, { template, liveness, othersDistance }, clock.wallTime(), rules);
    try {
      if (change) await people.changeTemplates(id, change);
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'a template could not be renewed');
    }
  }
}

/** Whether nothing but an adaptive template changed: whoever stands before the door has been judged already. */
export function isRefreshment({ before, after }: Change): boolean {
  return before !== undefined && after !== undefined && core(before) === core(after);
}

function core(person: Person): string {
  const { templates: _templates, ...rest } = person;
  return JSON.stringify([Object.entries(rest).sort(), enrolledTemplates(person).map(({ id }) => id)]);
}
