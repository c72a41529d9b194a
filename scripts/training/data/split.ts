import type { Random } from '../random.js';

/** Names of people; nobody is in two of them. */
export interface Split {
  readonly train: readonly string[];
  readonly validation: readonly string[];
  readonly test: readonly string[];
}

/**
 * Divides people, never their photographs: what counts at a door is how strangers fare.
 *
 * @param counts how many people are kept from training; everyone else is trained on
 */
export function splitPeople(
  people: readonly string[],
  counts: { readonly validation: number; readonly test: number },
  random: Random,
): Split {
  const { validation, test } = counts;
  const names = [...new Set(people)].sort();
  const train = names.length - validation - test;
  if (train < 2) {
    throw new Error(
      `expected two people or more to train on, received ${names.length} with ${validation} and ${test} kept aside`,
    );
  }
  const shuffled = random.shuffled(names);
  return {
    train: shuffled.slice(0, train).sort(),
    validation: shuffled.slice(train, train + validation).sort(),
    test: shuffled.slice(train + validation).sort(),
  };
}
