import type { Obeyed } from '../access/door-orders.js';
import type { CommandName } from '../command-names.js';
import { fault } from '../errors.js';
import type { CommandAnswer } from '../messages/command-answers.js';
import type { CommandContext, CommandHandler } from '../messages/command-desk.js';
import { backUp, restore } from './backups.js';
import { enrollByCapture, enrollByPhotographs } from './enrolments.js';
import type { Argument, RemoteParts } from './parts.js';
import { takeSnapshot } from './snapshots.js';

type Deeds = {
  readonly [N in CommandName]: (args: Argument<N>, context: CommandContext) => CommandAnswer<N> | Promise<CommandAnswer<N>>;
};

/** What the door does for each command that messages/ has let through, and what it answers. */
export function createCommandHandler(parts: RemoteParts): CommandHandler {
  const { orders, access, door, people, config } = parts;
  const standing = () => {
    const { lock, contact, mode } = door.state();
    return { lock, contact, mode };
  };
  const obeyed = (outcome: Obeyed) => {
    if (!outcome.done) throw fault('DOOR_REFUSED', { refused: outcome.refused });
    return standing();
  };
  const refOf = (nameOrId: string) => {
    const { id, name } = people.get(nameOrId);
    return { id, name };
  };

  const deeds: Deeds = {
    unlock: () => obeyed(orders.unlock()),
    lock() {
      orders.lock();
      return standing();
    },
    lockdown() {
      orders.lockdown();
      return standing();
    },
    resume: () => obeyed(orders.resume()),
    enroll: (args, context) => enrollByPhotographs(args, context, parts),
    'enroll-capture': (args, context) => enrollByCapture(args, context, parts),
    async remove(args) {
      const person = refOf(args.person);
      await people.remove(person.id);
      return { person };
    },
    list: () => ({
      people: people.all().map(({ id, name, templates, createdAt }) => ({ id, name, templates: templates.length, createdAt })),
    }),
    verify(args) {
      const person = refOf(args.person);
      if (!access.claim(person, 'command')) throw fault('CLAIM_REFUSED', { mode: config.access.mode });
      return { person, forMs: config.access.claimMs };
    },
    snapshot: () => takeSnapshot(parts),
    backup: () => backUp(parts),
    restore: (args) => restore(args, parts),
  };
  return async ({ name, args }, context) => {
    const deed = deeds[name] as (args: unknown, context: CommandContext) => unknown;
    return await deed(args, context);
  };
}
