import { rateOf, type Rate } from '../../../src/identity/calibration/rates.js';

/** What passive liveness said of one presentation: a photograph, or a stream of frames. */
export interface PresentedFace {
  /** `bona fide`, or the species of the presentation attack instrument: `printed-photo`, `phone-screen`. */
  readonly species: string;
  readonly name: string;
  /** Mean score, 0..1; absent where no face was found or none was good enough to be scored. */
  readonly score?: number;
}

export const BONA_FIDE = 'bona fide';

/** How well living people are told from attacks, by ISO/IEC 30107-3. */
export interface AttackDetection {
  /** What was presented: photographs one by one, or streams. */
  readonly presented: string;
  /** A mean score from here on is taken for a living person. */
  readonly threshold: number;
  /** Of the attacks of each species those that were taken for living people (APCER). One that was not scored was not taken for one. */
  readonly apcer: readonly { readonly species: string; readonly rate: Rate; readonly notScored: number }[];
  /** The worst of the species, which is what the standard has compared; absent without attacks. */
  readonly worstApcer?: Rate;
  /** Bona fide presentations that were taken for attacks (BPCER), of those that were scored. */
  readonly bpcer: Rate;
  /** Bona fide presentations that were not scored (BPNRR). */
  readonly bonaFideNotScored: Rate;
  readonly faces: readonly PresentedFace[];
}

export function attackDetection(presented: string, faces: readonly PresentedFace[], threshold: number): AttackDetection {
  const passes = ({ score }: PresentedFace) => score !== undefined && score >= threshold;
  const isScored = ({ score }: PresentedFace) => score !== undefined;
  const species = [...new Set(faces.map((face) => face.species))].filter((name) => name !== BONA_FIDE).sort();
  const apcer = species.map((name) => {
    const attacks = faces.filter((face) => face.species === name);
    const notScored = attacks.filter((face) => !isScored(face)).length;
    return { species: name, rate: rateOf(attacks.filter(passes).length, attacks.length), notScored };
  });
  const worst = [...apcer].sort((a, b) => b.rate.rate - a.rate.rate).at(0);
  const bonaFide = faces.filter((face) => face.species === BONA_FIDE);
  const scored = bonaFide.filter(isScored);
  return {
    presented,
    threshold,
    apcer,
    ...(worst && { worstApcer: worst.rate }),
    bpcer: rateOf(scored.filter((face) => !passes(face)).length, scored.length),
    bonaFideNotScored: rateOf(bonaFide.length - scored.length, bonaFide.length),
    faces,
  };
}
