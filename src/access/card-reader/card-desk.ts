import type { Clock } from '../../clock.js';
import type { DenyReason, Emit, PersonRef } from '../../events.js';
import type { Person } from '../../identity/person.js';
import type { Policy } from '../policy.js';
import { maskCard, normaliseCard, type CardReader } from './card-reader.js';

export interface CardDeskParts {
  readonly readers: readonly CardReader[];
  readonly people: () => readonly Person[];
  readonly policy: Pick<Policy, 'refusal' | 'lockedOut' | 'denied'>;
  /** Takes the claim of a card's bearer; false where this door takes none. */
  readonly claim: (person: PersonRef) => boolean;
  readonly clock: Clock;
  readonly emit: Emit;
  /** The same card within this time is one reading. */
  readonly repeatMs: number;
}

/** Turns cards into claims. A card opens nothing: it says whose face is to be awaited. */
export interface CardDesk {
  start(): void;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

export function createCardDesk({ readers, people, policy, claim, clock, emit, repeatMs }: CardDeskParts): CardDesk {
  let last: { readonly id: string; readonly atMs: number } | undefined;

  function present(text: string, reader: string): void {
    const id = normaliseCard(text);
    const nowMs = clock.monotonicMs();
    const again = id !== undefined && last?.id === id && nowMs - last.atMs < repeatMs;
    last = id === undefined ? undefined : { id, atMs: nowMs };
    if (again) return;

    const card = id === undefined ? '…' : maskCard(id);
    const bearer = id === undefined ? undefined : bearerOf(id, people());
    const reason = refusal(bearer);
    if (bearer && !reason && claim(bearer)) {
      emit({ type: 'card_accepted', person: bearer, card, reader });
      return;
    }
    const denial = reason ?? 'unknown_card';
    emit({ type: 'card_denied', reason: denial, ...(bearer && { person: bearer }), card, reader });
    policy.denied(denial);
  }

  function refusal(bearer: PersonRef | undefined): DenyReason | undefined {
    if (bearer) return policy.refusal(bearer);
    return policy.lockedOut() ? 'locked_out' : 'unknown_card';
  }

  return {
    start() {
      for (const reader of readers) {
        const { name } = reader;
        reader.start({
          onCard: (text) => present(text, name),
          onFault: (reason) => emit({ type: 'reader_fault', reader: name, reason }),
          onRecovered: () => emit({ type: 'reader_ok', reader: name }),
        });
      }
    },
    async stop() {
      await Promise.all(readers.map((reader) => reader.stop()));
    },
  };
}

/** Whose card it is. Ids in the people file may be written as the reader's maker prints them. */
function bearerOf(id: string, people: readonly Person[]): PersonRef | undefined {
  const bearers = people.filter(({ cards }) => cards.some((card) => normaliseCard(card) === id));
  // Written in two ways, one card could stand with two people: then it says nothing.
  return bearers.length === 1 ? { id: bearers[0].id, name: bearers[0].name } : undefined;
}
