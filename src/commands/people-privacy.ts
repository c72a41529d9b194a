import type { Command } from 'commander';
import { validate as isUuid } from 'uuid';
import { forgetWaitingEvents } from '../outbox-file.js';
import { parseTimeOrNone } from './arguments.js';
import type { Context } from './context.js';
import { summary } from './people-summary.js';
import type { Run } from './run-command.js';

/** people forget, consent: what somebody may ask of those who keep their face. */
export function registerPrivacy(people: Command, run: Run): void {
  people
    .command('forget')
    .argument('<name>', 'name or id; also of somebody who was removed')
    .description('remove a person from the file, its generations, what was set aside, and the events that wait for the broker')
    .action(run(forget));

  people
    .command('consent')
    .argument('<name>', 'name or id')
    .option('--given <date>', 'when the person consented to being recognised by the face, or "none"', parseTimeOrNone)
    .option('--retain-until <date>', 'when the door forgets the person by itself, or "none"', parseTimeOrNone)
    .description('note when a person consented, and how long their data may be kept')
    .action(run(consent));
}

async function forget(context: Context, name: string): Promise<number> {
  const file = await context.people();
  const person = file.find(name) ?? (await file.findFormer(name));
  // Of somebody known by the id alone nothing may be left but an event; anything else may be misspelt.
  const id = person?.id ?? (isUuid(name) ? name.toLowerCase() : file.get(name).id);
  await file.forget([id]);
  await forgetWaitingEvents(context.config, [id]);
  context.print(
    { id, forgotten: true },
    `forgot ${person?.name ?? id}; backups that were made before still hold them (docs/people-file.md)`,
  );
  return 0;
}

async function consent(
  context: Context,
  name: string,
  { given, retainUntil }: { given?: string; retainUntil?: string },
): Promise<number> {
  const file = await context.people();
  const person = await file.update(file.get(name).id, {
    ...(given !== undefined && { consentAt: given === 'none' ? null : given }),
    ...(retainUntil !== undefined && { retainUntil: retainUntil === 'none' ? null : retainUntil }),
  });
  const { consentAt = 'none noted', retainUntil: until = 'until removed' } = person;
  context.print(summary(person), `${person.name}: consent ${consentAt}, kept ${until}`);
  return 0;
}
