import { release } from 'node:os';
import type { Command } from 'commander';
import { openCamera } from '../camera/open-camera.js';
import { adapterOf } from '../door/gpio-adapter.js';
import { openRelay } from '../door/open-relay.js';
import { FacelatchError, fault, reasonOf } from '../errors.js';
import { readTuning } from '../inference/tuning/tuned-models.js';
import { readCalibratedModels } from '../inference/local-models.js';
import { listSupportedBackends, reportProviders } from '../inference/provider-report.js';
import { rawThresholdOf } from '../identity/distance.js';
import { openPeople } from '../identity/people.js';
import { version } from '../version.js';
import { inferenceSettings, modelIdsOf } from '../vision.js';
import type { Context } from './context.js';
import { table } from './output.js';
import type { Run } from './run-command.js';

export function registerDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('check every part of this installation; the exit status is that of the first part that is not well')
    .action(run(examine));
}

interface Finding {
  readonly part: string;
  readonly well: boolean;
  readonly detail: string;
  readonly exitStatus: number;
  readonly data?: unknown;
}

async function tuning(folder: string): Promise<{ detail: string; data?: unknown }> {
  const record = await readTuning(folder);
  if (!record) return { detail: `nothing in ${folder}: the models run as they were shipped ("facelatch tune" measures)` };
  const models = Object.entries(record.models).map(([id, { variant, medianMs }]) => {
    const saved = medianMs['as shipped'] - medianMs[variant];
    return `\n${id}: ${variant}${saved > 0 ? `, ${saved.toFixed(1)} ms less than as shipped` : ''}`;
  });
  return { detail: `${folder}, ${record.tunedAt}; threads: ${record.threads.chosen}${models.join('')}`, data: record };
}

/** What stands behind 0.7, and whether what was measured here is what holds. */
async function calibration(encoder: string, modelsFolder: string): Promise<{ detail: string; data?: unknown }> {
  const model = (await readCalibratedModels(modelsFolder)).find(({ shipped }) => shipped.id === encoder);
  const table = model?.inForce.calibration?.table;
  if (!model || !table) return { detail: `${encoder} has none` };
  const { inForce, here } = model;
  const raw = `0.7 is a raw distance of ${rawThresholdOf(inForce).toFixed(3)}, with ${table[0].impostorPairs} impostor pairs behind it`;
  if (!here) return { detail: `${raw}, as ${encoder} came` };
  const measured = `measured ${here.measuredAt} on ${here.photographs} photographs of ${here.people} people`;
  const detail =
    inForce === model.shipped
      ? `${raw}, as ${encoder} came: what was ${measured}, is laxer now and does not count`
      : `${raw}, ${measured}${here.laxer ? '; LAXER than the encoder came with, as was asked for' : ''}`;
  return { detail, data: here };
}

const FIRST_FRAME_MS = 5_000;

async function examine(context: Context): Promise<number> {
  const { config, configFile, log } = context;
  const settings = inferenceSettings(config);
  const findings: Finding[] = [
    await check('configuration', () => Promise.resolve({ detail: configFile ?? 'no file: the defaults' })),
    await check('runtime', async () => {
      const providers = (await listSupportedBackends()).map(({ name, bundled }) =>
        bundled ? name : `${name} (needs its libraries)`,
      );
      return { detail: `onnxruntime knows ${providers.join(', ')}`, data: providers };
    }),
  ];
  for (const model of modelIdsOf(config)) {
    findings.push(
      await check(`model ${model}`, async () => {
        const report = await reportProviders(model, settings, log);
        const nodes = Object.entries(report.nodes).map(([name, count]) => `${count} nodes on ${name}`);
        const refused = report.refused.map(({ provider, reason }) => `\n${provider} refused: ${reason}`);
        return {
          detail: `hash as in the manifest; runs on ${report.provider}: ${nodes.join(', ')}${refused.join('')}`,
          data: report,
        };
      }),
    );
  }
  findings.push(
    await check('calibration', () => calibration(config.inference.encoder, settings.modelsFolder)),
    await check('tuning', () => tuning(settings.tunedFolder)),
    await check('people file', async () => {
      const people = await openPeople({
        ...config.people,
        create: false,
        clock: context.clock,
        onFault: (reason, code) => log.warn({ code }, reason),
      });
      const all = people.all();
      await people.close();
      const again = all.filter(({ templates }) => !templates.some(({ encoder }) => encoder === config.inference.encoder));
      const names = again.map(({ name }) => name).join(', ');
      return { detail: `${all.length} people${again.length > 0 ? `; to be enrolled again for this encoder: ${names}` : ''}` };
    }),
    await check('camera', () => firstFrame(context)),
    await check('relay', async () => {
      const relay = await openRelay(config.relay, context.clock);
      const energised = relay.read();
      relay.close();
      const adapter = config.relay.adapter === 'simulated' ? 'simulated' : adapterOf(config.relay);
      return { detail: `${adapter}, at rest ${energised ? 'ENERGISED' : 'de-energised'}` };
    }),
  );

  const sick = findings.find(({ well }) => !well);
  context.print(
    {
      version: version(),
      node: process.versions.node,
      platform: `${process.platform}/${process.arch}`,
      healthy: !sick,
      findings,
    },
    [
      `facelatch ${version()}, Node ${process.versions.node}, ${process.platform}/${process.arch} ${release()}`,
      table(findings.map(({ part, well, detail }) => [`${well ? 'ok  ' : 'FAIL'} ${part}`, detail])),
      sick ? `Not well: ${sick.part}.` : 'All well.',
    ].join('\n'),
  );
  return sick?.exitStatus ?? 0;
}

async function check(part: string, work: () => Promise<{ detail: string; data?: unknown }>): Promise<Finding> {
  try {
    return { part, well: true, exitStatus: 0, ...(await work()) };
  } catch (error) {
    return { part, well: false, detail: reasonOf(error), exitStatus: error instanceof FacelatchError ? error.exitStatus : 70 };
  }
}

async function firstFrame({ config, clock }: Context): Promise<{ detail: string }> {
  let lastFault = 'no frame';
  const listener = { onFault: (reason: string) => (lastFault = reason), onRecovered: () => undefined };
  const camera = openCamera(config.camera, { clock, maxPicturePixels: config.maxPicturePixels, listener });
  const timer = clock.after(FIRST_FRAME_MS, () => void camera.stop());
  try {
    for await (const { widthPx, heightPx, source } of camera.frames()) {
      return { detail: `${source}: a frame of ${widthPx} x ${heightPx} pixels` };
    }
    throw fault('CAMERA_UNAVAILABLE', {
      source: `the ${config.camera.adapter} camera`,
      reason: `no frame within ${FIRST_FRAME_MS / 1000} s (${lastFault})`,
    });
  } finally {
    timer.cancel();
    await camera.stop();
  }
}
