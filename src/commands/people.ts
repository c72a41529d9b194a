import type { Command } from 'commander';
import type { Person } from '../identity/person.js';
import type { Context } from './context.js';
import { columns, table } from './output.js';
import { permissions, registerPeopleSet } from './people-set.js';
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
}

async function show(context: Context, name: string): Promise<number> {
  const person = (await context.people()).get(name);
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
        ['templates', templates.join('\n') || 'none'],
      ]),
    ].join('\n'),
  );
  return 0;
}

/** A person without the embeddings: those stay in the file. */
function summary({ templates, ...person }: Person): object {
  return { ...person, templates: templates.length };
}
