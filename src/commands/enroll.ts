import type { Command } from 'commander';
import { enroll } from '../enrolment.js';
import type { Context } from './context.js';
import { readPhotographs } from './photographs.js';
import type { Run } from './run-command.js';

export function registerEnroll(program: Command, run: Run): void {
  program
    .command('enroll')
    .description('enroll a person with one or more photographs, or give one who is known more templates')
    .argument('<name>', 'how messages and logs call the person')
    .argument('<photo...>', 'JPEG, PNG, WebP or TIFF with one face each; one good, frontal photograph is enough')
    .option('--largest-face', 'of a photograph with several faces take the largest')
    .option('--force', 'enroll a face that the door already knows as somebody else')
    .action(run(enrollPhotographs));
}

async function enrollPhotographs(
  context: Context,
  name: string,
  photos: readonly string[],
  options: { largestFace?: boolean; force?: boolean },
): Promise<number> {
  const photographs = await readPhotographs(photos);
  const vision = await context.vision();
  const people = await context.people({ create: true });
  const { maxPicturePixels } = context.config;
  const person = await enroll(name, photographs, { vision, people, clock: context.clock }, { ...options, maxPicturePixels });
  context.print(
    { id: person.id, name: person.name, templates: person.templates.length },
    `enrolled ${person.name} (${photographs.length === 1 ? '1 photograph' : `${photographs.length} photographs`}, ${person.templates.length} templates in all)`,
  );
  return 0;
}
