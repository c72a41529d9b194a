import { readFileSync } from 'node:fs';
import { distance } from 'fastest-levenshtein';
import { isMap, isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type * as z from 'zod';
import { configSchema, type Config } from './config-schema.js';
import { fault } from './errors.js';

export type { Config } from './config-schema.js';

/** The configuration of an empty file: every default. */
export function defaultConfig(): Config {
  return parseConfig('', 'defaults');
}

/**
 * Reads a configuration file (YAML, of which JSON is a part).
 *
 * @throws FacelatchError CONFIG_NOT_FOUND, CONFIG_INVALID (every problem at once, each with its line)
 */
export function readConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw fault('CONFIG_NOT_FOUND', { path }, cause);
  }
  return parseConfig(text, path);
}

/** The configuration in `text`; `path` is what errors call it. */
export function parseConfig(text: string, path: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntax = document.errors.map((error) => `line ${lines.linePos(error.pos[0]).line}: ${error.message}`);
  if (syntax.length > 0) throw fault('CONFIG_INVALID', { path, problems: syntax });

  const values = (document.toJS({ maxAliasCount: 100 }) ?? {}) as unknown;
  const result = configSchema.safeParse(values, { reportInput: true, jitless: true });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => describe(issue, document, lines, values));
  throw fault('CONFIG_INVALID', { path, problems });
}

type Path = readonly PropertyKey[];

function describe(issue: z.core.$ZodIssue, document: Document, lines: LineCounter, values: unknown): string[] {
  const line = (path: Path) => {
    const offset = offsetOf(document, path);
    return offset === undefined ? '' : `line ${lines.linePos(offset).line}: `;
  };
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path, values);
    return issue.keys.map((key) => {
      const nearest = closest(key, known);
      const hint = nearest === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${nearest}"?`;
      return `${line([...issue.path, key])}unknown key "${[...issue.path, key].join('.')}"; ${hint}`;
    });
  }
  const where = issue.path.join('.') || 'the configuration';
  const received = issue.input === undefined ? 'nothing' : withoutPassword(JSON.stringify(issue.input));
  return [`${line(issue.path)}${where}: ${lowerFirst(issue.message)}, received ${received}`];
}

/** A URL may carry a user and a password; errors end up in logs. */
function withoutPassword(text: string): string {
  return text.replaceAll(/\/\/[^"]*@/g, '//***@');
}

/** Where in the text a key (or, where there is none, its nearest parent) stands. */
function offsetOf(document: Document, path: Path): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isNode(key) && String(key) === String(path[length - 1]));
      if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return undefined;
}

/** The keys that the schema allows at `path`, following the adapter that `values` chose. */
function knownKeys(path: Path, values: unknown): string[] {
  let schema: z.core.$ZodType = configSchema;
  let value = values;
  for (const step of path) {
    schema = objectSchema(schema, value)?.shape[String(step)] ?? schema;
    value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
  }
  return Object.keys(objectSchema(schema, value)?.shape ?? {});
}

type AnyObjectSchema = z.ZodObject<Record<string, z.ZodType>>;

function objectSchema(schema: z.core.$ZodType, value: unknown): AnyObjectSchema | undefined {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case 'object':
      return schema as AnyObjectSchema;
    case 'prefault':
    case 'default':
    case 'optional':
      return objectSchema(def.innerType, value);
    case 'union':
      return def.options
        .map((option) => objectSchema(option, value))
        .find((option) => option?.shape['adapter']?.safeParse((value as { adapter?: unknown }).adapter).success);
    default:
      return undefined;
  }
}

function closest(key: string, known: readonly string[]): string | undefined {
  const ranked = known.map((name) => ({ name, edits: distance(key.toLowerCase(), name.toLowerCase()) }));
  const best = ranked.sort((a, b) => a.edits - b.edits).at(0);
  return best && best.edits <= Math.max(2, key.length / 2) ? best.name : undefined;
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
