import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { root } from '../support/photographs.js';

interface Document {
  readonly channels: Record<string, { address: string; messages: Record<string, { $ref: string }> }>;
  readonly components: { messages: Record<string, { contentType?: string; payload: { $ref: string } }>; schemas: object };
}

export const asyncApiPath = join(root, 'docs', 'asyncapi.yaml');

const document = parse(readFileSync(asyncApiPath, 'utf8')) as Document;
const ajv = new Ajv({ strict: false, allErrors: true }).addSchema({ ...document, $id: 'doc' });
formats.default(ajv);
const nameOf = ($ref: string) => $ref.split('/').at(-1) ?? '';

/** Every channel of the published interface: which topics it stands for, and what may be on it. */
const channels = Object.values(document.channels).map(({ address, messages }) => {
  const message = document.components.messages[nameOf(Object.values(messages)[0].$ref)];
  return {
    topic: new RegExp(`^${address.replace('{door}', '[a-z0-9-]{1,64}')}$`),
    contentType: message.contentType ?? 'application/json',
    isValid: ajv.compile({ $ref: `doc${message.payload.$ref}` }),
  };
});

/** What is wrong with a message of a door, or of one who commands it, by the published interface; undefined where all is well. */
export function problemWith(topic: string, payload: Buffer): string | undefined {
  const channel = channels.find((candidate) => candidate.topic.test(topic));
  if (!channel) return `${topic} is no channel of the interface`;
  if (channel.contentType === 'image/jpeg') return payload.readUInt16BE(0) === 0xffd8 ? undefined : `${topic}: no JPEG`;
  let value: unknown = payload.toString();
  if (channel.contentType === 'application/json') {
    try {
      value = JSON.parse(payload.toString());
    } catch {
      return `${topic}: no JSON`;
    }
  }
  return channel.isValid(value) ? undefined : `${topic}: ${ajv.errorsText(channel.isValid.errors)}`;
}

const bodySchemas = Object.keys(document.components.schemas).filter((name) => name.startsWith('body'));

/** Whether the body of a signed request is what the interface says of its command. */
export function problemWithBody(body: { readonly command: string }): string | undefined {
  const name = bodySchemas.find((schema) => schema.toLowerCase() === `body${body.command.replaceAll('-', '')}`);
  const isValid = ajv.compile({ $ref: `doc#/components/schemas/${name ?? ''}` });
  return isValid(body) ? undefined : ajv.errorsText(isValid.errors);
}
