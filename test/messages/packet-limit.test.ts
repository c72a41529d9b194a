import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketLimit } from '../../src/messages/packet-limit.js';

/** A QoS 0 PUBLISH on topic "t" with so many bytes of payload (MQTT 3.1.1 clause 3.3). */
function publish(bytes: number): Buffer {
  const length: number[] = [];
  for (let left = bytes + 3; left > 0 || length.length === 0; left >>= 7) length.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
  return Buffer.concat([Buffer.from([0x30, ...length, 0, 1]), Buffer.from('t'), Buffer.alloc(bytes, 0xff)]);
}

describe('PacketLimit', () => {
  it('passes packets within the limit through unchanged, however the network cuts them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 900 })), fc.integer({ min: 1, max: 400 }), (sizes, cut) => {
        const sent = Buffer.concat(sizes.map(publish));
        const limit = new PacketLimit(1_000);
        const received: Buffer[] = [];
        limit.on('data', (chunk: Buffer) => received.push(chunk));
        for (let at = 0; at < sent.length; at += cut) {
          limit._transform(sent.subarray(at, at + cut), 'binary', (error, chunk) => {
            if (error) throw error;
            received.push(chunk as Buffer);
          });
        }
        expect(Buffer.concat(received).equals(sent)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('ends the stream at the header of a packet beyond the limit, before its body', async () => {
    const limit = new PacketLimit(1_000);
    const failed = once(limit, 'error');
    limit.write(publish(10));
    limit.write(publish(2_000).subarray(0, 3));
    const [error] = (await failed) as [Error];
    expect(error.message).toContain('at most 1000 bytes, received one of at least 20');
  });

  it('ends the stream at a length that never ends', async () => {
    const limit = new PacketLimit(1_000_000_000);
    const failed = once(limit, 'error');
    limit.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x7f]));
    await failed;
    expect(limit.destroyed).toBe(true);
  });
});
