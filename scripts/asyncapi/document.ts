import * as z from 'zod';
import { COMMAND_NAMES, type CommandName } from '../../src/command-names.js';
import { healthSchema } from '../../src/health-schema.js';
import { commandAnswerSchemas, commandProgressSchemas } from '../../src/messages/command-answers.js';
import { commandArgumentSchemas, commandBodySchema, envelopeSchema } from '../../src/messages/command-schemas.js';
import { availabilitySchema, doorEventSchema, doorStateSchema } from '../../src/messages/schemas.js';
import { topicsOf } from '../../src/messages/topics.js';
import { jsonSchemaOf, pascalCase, type JsonObject } from './schemas.js';

/** The version of the interface: new fields and events raise the second number, anything that breaks a reader the first. */
const VERSION = '1.0.0';

const topics = topicsOf('{door}');
const ref = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });
const parameters = { door: ref('parameters', 'door') };
const published = (qos: 0 | 1, retain: boolean) => ({ mqtt: { qos, retain, bindingVersion: '0.2.0' } });

/** The whole interface of a door on MQTT, made of the schemas that the code itself checks with. */
export function asyncApiDocument(): JsonObject {
  const says = [
    said(
      'availability',
      topics.availability,
      published(1, true),
      'Whether the door is there; `offline` is the last will as well.',
      {
        contentType: 'text/plain',
      },
    ),
    said('state', topics.state, published(1, true), 'How the door stands; on change, and at each connection.'),
    said('event', topics.event, published(1, false), 'Something that happened; at least once, known again by `eventId`.'),
    said('health', topics.health, published(0, true), 'Figures since start, every `mqtt.healthSeconds`.'),
    said('snapshot', topics.snapshot, published(0, false), 'The face of a decision; only where `mqtt.snapshots` is set.', {
      contentType: 'image/jpeg',
    }),
    said(
      'discovery',
      'homeassistant/device/{door}/config',
      published(1, true),
      'For Home Assistant; only where that is enabled.',
    ),
  ];
  const commands = COMMAND_NAMES.map(commandParts);
  const parts = [...says, ...commands, homeAssistant()];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'facelatch',
      version: VERSION,
      description: 'What a door says and hears on MQTT. docs/mqtt.md explains it; this file is made by `npm run asyncapi`.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      broker: {
        host: 'broker.example:8883',
        protocol: 'secure-mqtt',
        description: 'Any broker with MQTT 5 or 3.1.1; with client certificates as in config/mosquitto.',
        security: [{ type: 'X509' }],
      },
    },
    channels: Object.assign({}, ...parts.map(({ channels }) => channels)) as JsonObject,
    operations: Object.assign({}, ...parts.map(({ operations }) => operations)) as JsonObject,
    components: {
      parameters: { door: { description: 'The id of the door in its configuration: 1 to 64 characters of a-z, 0-9 and "-".' } },
      messages: Object.assign({}, ...parts.map(({ messages }) => messages)) as JsonObject,
      schemas: {
        availability: jsonSchemaOf(availabilitySchema),
        state: jsonSchemaOf(doorStateSchema),
        event: jsonSchemaOf(doorEventSchema),
        health: jsonSchemaOf(healthSchema),
        snapshot: { description: 'The bytes of a JPEG.' },
        discovery: {
          description: "Home Assistant's single-device discovery.",
          type: 'object',
          required: ['device', 'origin', 'components'],
        },
        homeAssistantLock: { type: 'string', enum: ['LOCK', 'UNLOCK'] },
        envelope: jsonSchemaOf(envelopeSchema),
        ...(Object.assign({}, ...commands.map(({ schemas }) => schemas)) as JsonObject),
      },
    },
  };
}

interface Part {
  readonly channels: JsonObject;
  readonly operations: JsonObject;
  readonly messages: JsonObject;
}

/** What the door publishes by itself. */
function said(name: string, address: string, bindings: JsonObject, summary: string, message: JsonObject = {}): Part {
  return {
    channels: { [name]: { address, parameters, messages: { [name]: ref('messages', name) } } },
    operations: {
      [`tell${pascalCase(name)}`]: { action: 'send', summary, channel: { $ref: `#/channels/${name}` }, bindings },
    },
    messages: { [name]: { name, payload: ref('schemas', name), ...message } },
  };
}

/** Request and response of one command. */
function commandParts(command: CommandName): Part & { readonly schemas: JsonObject } {
  const name = pascalCase(command);
  const [request, response, body] = [`request${name}`, `response${name}`, `body${name}`];
  return {
    channels: {
      [request]: { address: topics.request(command), parameters, messages: { [request]: ref('messages', request) } },
      [response]: { address: topics.response(command), parameters, messages: { [response]: ref('messages', response) } },
    },
    operations: {
      [`obey${name}`]: {
        action: 'receive',
        channel: { $ref: `#/channels/${request}` },
        bindings: { mqtt: { qos: 1, retain: false, bindingVersion: '0.2.0' } },
        reply: {
          channel: { $ref: `#/channels/${response}` },
          messages: [{ $ref: `#/channels/${response}/messages/${response}` }],
        },
      },
    },
    messages: {
      [request]: {
        name: request,
        description: `A signed envelope, whose body is base64url of the JSON that \`#/components/schemas/${body}\` describes.`,
        payload: ref('schemas', 'envelope'),
        'x-body': ref('schemas', body),
      },
      [response]: { name: response, payload: ref('schemas', response) },
    },
    schemas: {
      [body]: jsonSchemaOf(
        commandBodySchema.extend({ command: z.literal(command), args: commandArgumentSchemas[command] }),
        'input',
      ),
      [response]: jsonSchemaOf(responseOf(command)),
    },
  };
}

function responseOf(command: CommandName): z.ZodType {
  const head = { id: z.string() };
  const error = z.strictObject({ code: z.string(), message: z.string() });
  const answers = [
    z.strictObject({ ...head, status: z.literal('ok'), data: commandAnswerSchemas[command] }),
    z.strictObject({ ...head, status: z.literal('error'), error }),
  ] as const;
  if (command !== 'enroll' && command !== 'enroll-capture') return z.discriminatedUnion('status', answers);
  const progress = z.strictObject({ ...head, status: z.literal('progress'), data: commandProgressSchemas[command] });
  return z.discriminatedUnion('status', [...answers, progress]);
}

function homeAssistant(): Part {
  const name = 'homeAssistantLock';
  return {
    channels: { [name]: { address: topics.homeAssistantLock, parameters, messages: { [name]: ref('messages', name) } } },
    operations: {
      obeyHomeAssistant: {
        action: 'receive',
        summary: '`LOCK` is always taken, `UNLOCK` only where `mqtt.homeAssistant.allowUnlock` is set.',
        channel: { $ref: `#/channels/${name}` },
      },
    },
    messages: { [name]: { name, contentType: 'text/plain', payload: ref('schemas', name) } },
  };
}
