import { stringify } from 'yaml';
import { asyncApiDocument } from './document.js';

/** The document as it is committed. */
export function asyncApiText(): string {
  // Equal parts stay written out: not every reader knows YAML's aliases.
  return `# Made by "npm run asyncapi" from the schemas of the code; not to be edited.\n${stringify(asyncApiDocument(), { aliasDuplicateObjects: false, lineWidth: 130 })}`;
}
