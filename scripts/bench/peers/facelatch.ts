/**
 * The door's own way with a frame: a frame for each line on standard input.
 * Arguments: `whole` (from JPEG to the nearest of ten people) or `models` (the three networks alone, on the tensors of that frame), and
 * a JPEG.
 */
import { readFileSync } from 'node:fs';
import { openWay } from '../way.js';
import { answer } from './answer.js';

const [part, jpegPath] = process.argv.slice(2);
// The peers judge no liveness, and everybody has one thread. The whole way runs tuned, as a door does after its first start; the
// models alone run as they were shipped.
const way = await openWay({ threads: 1, liveness: false, tuned: part === 'whole' });
const jpeg = readFileSync(jpegPath);
const runs = await way.record(jpeg);
await answer(() => (part === 'whole' ? way.whole(jpeg) : way.models(runs)));
process.exit();
