import type { Command } from 'commander';
import { enroll } from '../enrolment.js';
import { rawThresholdOf } from '../identity/distance.js';
import { createGallery } from '../identity/gallery.js';
import { parseTime } from './arguments.js';
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
    .option('--force', "enroll a face that the door already knows as somebody else, or that differs from the person's others")
    .option('--any-quality', 'also a face that is too small, dark, blurred or turned away for the door to look at')
    .option('--consent <date>', 'when the person consented to being recognised by the face', parseTime)
    .action(run(enrollPhotographs));
}

async function enrollPhotographs(
  context: Context,
  name: string,
  photos: readonly string[],
  { consent, anyQuality, ...options }: { largestFace?: boolean; force?: boolean; anyQuality?: boolean; consent?: string },
): Promise<number> {
  const photographs = await readPhotographs(photos);
  const vision = await context.vision({ anyQuality: anyQuality ?? false });
  const people = await context.people({ create: true });
  const gallery = createGallery(people.all(), vision.encoder, rawThresholdOf(vision.encoder));
  const { clock, config } = context;
  const person = await enroll(
    name,
    photographs,
    { vision, people, gallery, clock },
    { ...options, maxPicturePixels: config.maxPicturePixels, ...(consent !== undefined && { consentAt: consent }) },
  );
  context.print(
    { id: person.id, name: person.name, templates: person.templates.length },
    `enrolled ${person.name} (${photographs.length === 1 ? '1 photograph' : `${photographs.length} photographs`}, ${person.templates.length} templates in all)`,
  );
  return 0;
}
