import { toFaceNetScale } from '../identity/distance.js';
import { countBelow, type PairDistances } from '../identity/calibration/pair-distances.js';
import { rateOf, type Rate } from '../identity/calibration/rates.js';
import type { Calibration } from '../inference/manifest.js';
import { columns, decimals } from './output.js';

/** What `facelatch calibrate` saw and did. */
export interface Measured {
  readonly encoder: string;
  readonly people: number;
  readonly photographs: number;
  readonly passedOver: readonly { readonly path: string; readonly reason: string }[];
  readonly calibration: Calibration;
  readonly pairs: PairDistances;
  /** The least false match rate that so many pairs can show. */
  readonly supportsFmr: number;
  /** What the encoder came with. */
  readonly shipped: Calibration;
  /** What the door has used so far. */
  readonly inForce: Calibration;
  /** Takes pairs for one person that the shipped calibration does not. */
  readonly laxer: boolean;
  readonly nearestImpostors: readonly { readonly photographs: readonly string[]; readonly rawDistance: number }[];
  readonly kept: 'written' | 'refused' | 'dry run';
  readonly path: string;
}

/**
 * A door that looks for a visitor among many people needs a low false match rate: below one in 10,000 is FIDO's for biometric
 * components (Biometric Component Certification, FAR 1:10,000), and nothing less deserves to open a lock unasked.
 */
const WORTHY_FMR = 1e-4;

/** The same for programs and for people. */
export function calibrationReport(measured: Measured): { readonly value: object; readonly text: string } {
  const { pairs, calibration, shipped, inForce, ...rest } = measured;
  const rows = rowsOf(measured);
  const value = {
    ...rest,
    genuinePairs: pairs.genuine.length,
    impostorPairs: pairs.impostor.length,
    rawDistance: calibration.operatingPoint.rawDistance,
    shippedRawDistance: rawAt07(shipped),
    inForceRawDistance: rawAt07(inForce),
    table: rows,
  };
  const text = [
    heading(measured),
    columns(
      ['', 'RAW DISTANCE', 'SO FAR READ AS', 'IMPOSTOR PAIRS NEARER', 'GENUINE PAIRS NEARER'],
      rows.map(({ what, rawDistance, fmr, tmr }) => [
        what,
        decimals(rawDistance),
        decimals(toFaceNetScale(rawDistance, rawAt07(inForce))),
        inWords(fmr),
        inWords(tmr),
      ]),
    ),
    ...nearest(measured),
    support(measured),
    outcome(measured),
  ].join('\n');
  return { value, text };
}

interface Row {
  readonly what: string;
  readonly rawDistance: number;
  readonly fmr: Rate;
  readonly tmr: Rate;
}

/** The measured operating points, the laxest first, and for comparison what is in force and what was shipped. */
function rowsOf({ calibration, pairs, shipped, inForce }: Measured): Row[] {
  const { genuine, impostor } = pairs;
  const row = (what: string, rawDistance: number): Row => ({
    what,
    rawDistance,
    fmr: rateOf(countBelow(impostor, rawDistance), impostor.length),
    tmr: rateOf(countBelow(genuine, rawDistance), genuine.length),
  });
  const chosen = calibration.operatingPoint.rawDistance;
  const measured = calibration.table.map(({ rawDistance }) =>
    row(rawDistance === chosen ? 'measured, to be 0.7' : 'measured', rawDistance),
  );
  const now = rawAt07(inForce);
  const came = rawAt07(shipped);
  return [...measured, row('in force so far', now), ...(came === now ? [] : [row('as shipped', came)])];
}

function heading({ encoder, people, photographs, pairs, passedOver }: Measured): string {
  return [
    ...passedOver.map(({ path, reason }) => `passed over ${path}: ${reason}`),
    `${encoder}: ${photographs} faces of ${people} people, ${pairs.genuine.length} genuine and ${pairs.impostor.length} impostor pairs`,
  ].join('\n');
}

function nearest({ nearestImpostors }: Measured): string[] {
  return [
    'nearest impostor pairs (a wrong name on a photograph shows here):',
    ...nearestImpostors.map(({ photographs, rawDistance }) => `  ${decimals(rawDistance)}  ${photographs.join('  ')}`),
  ];
}

function support({ pairs, people, supportsFmr }: Measured): string {
  const pairsBehind = pairs.impostor.length;
  const can = `${pairsBehind} impostor pairs of ${people} people can show a false match rate of ${asPercent(supportsFmr)} at best (rule of three, 95 %)`;
  if (supportsFmr <= WORTHY_FMR) return can;
  return `WARNING: ${can}; a door deserves ${asPercent(WORTHY_FMR)}, which takes ${3 / WORTHY_FMR} impostor pairs or more`;
}

function outcome({ encoder, calibration, shipped, laxer, kept, path }: Measured): string {
  const raw = decimals(calibration.operatingPoint.rawDistance);
  const compared = laxer
    ? `laxer than the ${decimals(rawAt07(shipped))} that the encoder came with (${shipped.table[0].impostorPairs} impostor pairs)`
    : 'no laxer than the encoder came with';
  if (kept === 'dry run') return `a dry run: nothing was kept; ${raw} is ${compared}`;
  if (kept === 'refused') return `NOT KEPT: ${raw} is ${compared}; --allow-laxer keeps it all the same`;
  return `${path}: 0.7 is a raw distance of ${raw} of ${encoder} from the door's next start on; ${compared}`;
}

/** The raw distance that is reported as 0.7. */
const rawAt07 = ({ operatingPoint }: Calibration) => (operatingPoint.rawDistance * 0.7) / operatingPoint.faceNetDistance;

const asPercent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;

const inWords = ({ rate, count, low, high }: Rate) =>
  `${count} (${(100 * rate).toFixed(2)} %, ${(100 * low).toFixed(2)} to ${(100 * high).toFixed(2)})`;
