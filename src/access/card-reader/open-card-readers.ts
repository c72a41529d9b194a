import { basename } from 'node:path';
import type { Clock } from '../../clock.js';
import type { Config } from '../../config-schema.js';
import type { CardReader } from './card-reader.js';
import { deviceSource } from './device-source.js';
import { KeyDecoder } from './key-decoder.js';
import { LineDecoder } from './line-decoder.js';
import { readReplay, ReplayedReader } from './replayed-reader.js';
import { serialSource } from './serial-source.js';
import type { SimulatedReader } from './simulated-reader.js';
import { StreamReader, type CardDecoder, type OpenSource } from './stream-reader.js';

/**
 * The readers that the configuration names, not yet started. One that is unplugged is waited for; another adapter becomes a case here.
 *
 * @throws FacelatchError CARD_READER_UNAVAILABLE where a replay cannot be read
 */
export function openCardReaders(
  config: Config['cards'],
  { clock, simulated }: { readonly clock: Clock; readonly simulated: SimulatedReader },
): Promise<CardReader[]> {
  const { reconnectMinMs, reconnectMaxMs } = config;
  const stream = (path: string, open: OpenSource, decoder: CardDecoder): CardReader => {
    const name = basename(path);
    return new StreamReader({ name, open, decoder, clock, reconnectMinMs, reconnectMaxMs, random: Math.random });
  };
  return Promise.all(
    config.readers.map(async (reader): Promise<CardReader> => {
      switch (reader.adapter) {
        case 'simulated':
          return simulated;
        case 'replayed':
          return new ReplayedReader(basename(reader.path), await readReplay(reader.path), clock);
        case 'keyboard':
          return stream(reader.device, deviceSource(reader.device, clock), new KeyDecoder());
        case 'lines':
          return stream(reader.path, deviceSource(reader.path, clock), new LineDecoder());
        case 'serial':
          return stream(reader.device, serialSource(reader.device, reader.baud, clock), new LineDecoder());
      }
    }),
  );
}
