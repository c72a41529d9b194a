import type { Command } from 'commander';
import { parseCount } from './arguments.js';
import type { Context } from './context.js';
import { columns, table } from './output.js';
import { registerCopies } from './people-copies.js';
import { registerExchange } from './people-exchange.js';
import { registerPrivacy } from './people-privacy.js';
import { permissions, registerPeopleSet } from './people-set.js';
import { summary } from './people-summary.js';
import type { Run } from './run-command.js';

export function registerPeople(program: Command, run: Run): void {
  const people = program.command('people').description('the people file: who is enrolled');

  people
    .command('init')
    .description('create an empty people file where there is none')
    .action(
      run(async (context) => {
        const file = await context.people({ create: true });
        context.print({ people: file.all().length }, `${context.config.people.file}: ${file.all().length} people`);
        return 0;
      }),
    );

  people
    .command('list')
    .description('everybody who is enrolled')
    .action(
      run(async (context) => {
        const all = (await context.people()).all();
        const rows = all.map(({ name, id, templates, createdAt }) => [name, id, String(templates.length), createdAt]);
        context.print(
          all.map(summary),
          all.length === 0 ? 'nobody is enrolled' : columns(['NAME', 'ID', 'TEMPLATES', 'SINCE'], rows),
        );
        return 0;
      }),
    );

  people.command('show').description('one person and their templates').argument('<name>', 'name or id').action(run(show));

  people
    .command('rename')
    .argument('<name>', 'name or id')
    .argument('<new-name>')
    .description('give a person another name; id and templates stay')
    .action(
      run(async (context, name: string, newName: string) => {
        const file = await context.people();
        const before = file.get(name);
        const person = await file.rename(before.id, newName);
        context.print(summary(person), `${before.name} is now ${person.name}`);
        return 0;
      }),
    );

  registerPeopleSet(people, run);

  people
    .command('remove')
    .argument('<name>', 'name or id')
    .description('remove a person and every template')
    .action(
      run(async (context, name: string) => {
        const file = await context.people();
        const person = file.get(name);
        await file.remove(person.id);
        context.print(summary(person), `removed ${person.name}; the door does not know them any more`);
        return 0;
      }),
    );

  people
    .command('prune')
    .option('--max-templates <count>', 'templates that stay of each person; people.maxTemplates unless given', parseCount)
    .description('of people with many templates keep those that differ most')
    .action(
      run(async (context, { maxTemplates }: { maxTemplates?: number }) => {
        const file = await context.people();
        const before = new Map(file.all().map(({ id, templates }) => [id, templates.length]));
        const pruned = (await file.prune(maxTemplates ?? context.config.people.maxTemplates)).map((person) => ({
          id: person.id,
          name: person.name,
          templates: person.templates.length,
          dropped: (before.get(person.id) ?? 0) - person.templates.length,
        }));
        const lines = pruned.map(({ name, templates, dropped }) => `${name}: dropped ${dropped}, ${templates} left`);
        context.print(pruned, lines.join('\n') || 'nobody has more templates than that');
        return 0;
      }),
    );

  registerPrivacy(people, run);
  registerCopies(people, run);
  registerExchange(people, run);
}

async function show(context: Context, name: string): Promise<number> {
  const person = (await context.people()).get(name);
  const { consentAt, retainUntil } = person;
  const templates = person.templates.map(
    ({ encoder, quality, createdAt, source }) => `${createdAt}  ${encoder}  quality ${quality.toFixed(2)}  from a ${source}`,
  );
  context.print(
    { ...summary(person), templates: person.templates.map(({ vector, ...rest }) => ({ ...rest, dimensions: vector.length })) },
    [
      person.name,
      table([
        ['id', person.id],
        ['enrolled', person.createdAt],
        ...permissions(person),
        ['consent', consentAt ?? 'none noted'],
        ['kept', retainUntil === undefined ? 'until removed' : `until ${retainUntil}`],
        ['templates', templates.join('\n') || 'none'],
      ]),
    ].join('\n'),
  );
  return 0;
}
