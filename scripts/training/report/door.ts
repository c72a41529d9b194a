import type { DoorEvaluation } from '../../streams/evaluate.js';
import type { AttackDetection } from '../evaluation/attack-detection.js';
import { element, type Child } from './markup.js';
import { percent, section, table, withInterval } from './tables.js';

/** What the door makes of living people, of attacks and of streams. */
export function doorSections({ attackDetection, streams, encoder, framesOfStream }: DoorEvaluation): Child {
  return [
    section(
      'Living people and attacks (ISO/IEC 30107-3)',
      table(['Presented', 'Attack', 'APCER', 'BPCER', 'Not scored'], attackDetection.flatMap(attackRows)),
      element(
        'p',
        { class: 'note' },
        'APCER: attacks of a species that were taken for living people; BPCER: living people who were taken for attacks, of those whose ' +
          `face was good enough to be scored. A mean score of ${attackDetection[0].threshold} or more is taken for a living person. ` +
          `A stream is one photograph as ${framesOfStream} frames, each held a little differently; its score is the mean of the first frames that decide. ` +
          'Intervals are Wilson’s, for 95 %.',
      ),
    ),
    streams &&
      section(
        'Streams before the door',
        table(
          ['Templates', 'Liveness', 'Granted', 'Granted as another', 'Strangers granted'],
          streams.map(({ templates, liveness, granted, misnamed, impostorsGranted }) => [
            templates,
            liveness ? 'on' : 'off',
            ...[granted, misnamed, impostorsGranted].map(withInterval),
          ]),
        ),
        element(
          'p',
          { class: 'note' },
          `Each photograph as ${framesOfStream} frames, with ${encoder} and the agreement of a door by default. Enrolled with the first photographs; ` +
            'the streams are of the others. For the last column the person at the door is left out of the gallery, and all photographs are played.',
        ),
      ),
  ];
}

function attackRows({ presented, apcer, bpcer, bonaFideNotScored }: AttackDetection): (readonly Child[])[] {
  const living: readonly Child[] = [presented, 'none', '–', withInterval(bpcer), withInterval(bonaFideNotScored)];
  return [
    living,
    ...apcer.map(({ species, rate, notScored }): readonly Child[] => [
      '',
      species.replaceAll('-', ' '),
      withInterval(rate),
      '–',
      `${notScored} of ${rate.of} (${percent(notScored / rate.of, 0)})`,
    ]),
  ];
}
