/**
 * The other side of flood.ts: publishes fuzzed requests while it is told to. Arguments: URL, requests a second, a key that the door
 * knows (JSON Web Key).
 */
import { createPrivateKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import mqtt from 'mqtt';
import { fuzzedRequests } from './fuzzed-requests.js';

const [url = '', perSecond = '1000', jwk = '{}'] = process.argv.slice(2);
const SEED = 20_260_105;
/** Made once: making them would take longer than sending them. */
const CORPUS = 5_000;
const TICK_MS = 10;

const ops = (privateKey: KeyObject) => ({ kid: 'ops-1', privateKey });
const known = ops(createPrivateKey({ key: JSON.parse(jwk) as JsonWebKey, format: 'jwk' }));
const forged = ops(generateKeyPairSync('ed25519').privateKey);
const corpus = fc.sample(fuzzedRequests({ known, forged }), { seed: SEED, numRuns: CORPUS });
const client = await mqtt.connectAsync(url);
let flows = false;
process.on('message', (message: { readonly flow: boolean }) => (flows = message.flow));
process.on('disconnect', () => process.exit());

let sent = 0;
let due = 0;
setInterval(() => {
  if (!flows) return;
  // What the broker does not take is not piled up here.
  if (client.stream.writableNeedDrain) return;
  for (due += (Number(perSecond) * TICK_MS) / 1_000; due >= 1; due--) {
    const { command, payload } = corpus[sent++ % CORPUS];
    client.publish(`facelatch/front-door/request/${command}`, payload, { qos: 0 });
  }
}, TICK_MS);
