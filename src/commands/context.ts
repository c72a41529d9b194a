import { pino, type Logger } from 'pino';
import { systemClock, type Clock } from '../clock.js';
import { configFileOf } from '../config-file.js';
import { defaultConfig, readConfig, type Config } from '../config.js';
import { openPeople, type People } from '../identity/people.js';
import { openVision, type Vision } from '../vision.js';
import { ChangeRecorder } from './change-recorder.js';

export interface GlobalOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly encoder?: string;
}

/** What a subcommand works with: opened when it asks, closed when it is done. */
export interface Context {
  readonly config: Config;
  /** The file that the configuration came from; absent when there is none and every default holds. */
  readonly configFile: string | undefined;
  /** Reads the configuration file anew. Throws FacelatchError CONFIG_NOT_FOUND, CONFIG_INVALID. */
  readConfigAgain(): Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly json: boolean;
  /**
   * @param options anyQuality: encode faces that the door itself would not; withoutLiveness: where nobody stands at the door
   */
  vision(options?: { readonly anyQuality?: boolean; readonly withoutLiveness?: boolean }): Promise<Vision>;
  people(options?: { readonly create?: boolean }): Promise<People>;
  /** Prints one value for programs (one line of JSON) or its text for people. */
  print(value: unknown, text: string): void;
  close(): Promise<void>;
}

export function openContext(options: GlobalOptions): Context {
  const configFile = configFileOf(options.config);
  const read = (): Config => {
    const config = configFile === undefined ? defaultConfig() : readConfig(configFile);
    return options.encoder === undefined ? config : { ...config, inference: { ...config.inference, encoder: options.encoder } };
  };
  const config = read();
  const json = options.json ?? false;
  // Standard output is the answer's; the log goes beside it. One-shot commands speak up only when something is wrong.
  const log = pino({ level: process.env['FACELATCH_LOG'] ?? 'warn', base: null }, pino.destination({ fd: 2, sync: true }));
  const closers: (() => Promise<void>)[] = [];

  return {
    config,
    configFile,
    readConfigAgain: read,
    clock: systemClock,
    log,
    json,
    async vision({ anyQuality = false, withoutLiveness = false } = {}) {
      const { inference } = config;
      const quality = anyQuality ? { ...config.quality, enabled: false } : config.quality;
      const liveness = withoutLiveness ? { ...config.liveness, passive: false, challenge: 'never' as const } : config.liveness;
      const vision = await openVision({ inference, quality, liveness }, systemClock, log);
      closers.push(() => vision.release());
      return vision;
    },
    async people({ create = false } = {}) {
      const people = await openPeople({
        ...config.people,
        create,
        clock: systemClock,
        onFault: (reason, code) => log.warn({ code }, reason),
      });
      const recorder = new ChangeRecorder(config, systemClock, log);
      people.onChange((change) => recorder.note(change));
      closers.push(
        () => recorder.close(),
        () => people.close(),
      );
      return people;
    },
    print(value, text) {
      process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`);
    },
    async close() {
      for (const close of closers.splice(0).reverse()) await close();
    },
  };
}
