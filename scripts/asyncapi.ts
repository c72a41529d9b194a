/** `npm run asyncapi`: writes docs/asyncapi.yaml, the interface on MQTT, from the schemas of the code. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncApiText } from './asyncapi/text.js';

// Built into dist/scripts.
const path = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'asyncapi.yaml');
await writeFile(path, asyncApiText());
console.log(`${path} is written`);
