import type { DoorEvaluation } from '../../streams/evaluate.js';
import type { Evaluation, Histogram } from '../evaluation/evaluate.js';
import type { Pair } from '../../../src/identity/calibration/hardest-pairs.js';
import { chart, palette, type Axis } from './chart.js';
import { element, type Child, type Markup } from './markup.js';
import { doorSections } from './door.js';
import { scatter } from './scatter.js';
import { percent, section, table, withInterval } from './tables.js';

export interface ReportData {
  readonly title: string;
  /** What was evaluated, in a sentence or two. */
  readonly about: readonly string[];
  readonly evaluations: readonly Evaluation[];
  /** Liveness and streams, where they were asked for. */
  readonly door?: DoorEvaluation | undefined;
  /** Who is on each photograph, and what it is called. */
  readonly photographs: readonly { readonly person: string; readonly name: string }[];
  /** Pictures for the mistakes, by the photograph's number, as data URIs. */
  readonly thumbnails: ReadonlyMap<number, string>;
}

/** The whole report as one page that needs nothing else: no script, no style, no picture from anywhere. */
export function htmlReport(data: ReportData): string {
  const { title, about, evaluations } = data;
  const page = element(
    'html',
    { lang: 'en' },
    element(
      'head',
      {},
      voidElement('meta', { charset: 'utf-8' }),
      voidElement('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      // Nothing may be loaded or run, whatever a file name in the data says.
      voidElement('meta', {
        'http-equiv': 'Content-Security-Policy',
        content: "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
      }),
      // An empty picture keeps browsers from asking for one.
      voidElement('link', { rel: 'icon', href: 'data:,' }),
      element('title', {}, title),
      element('style', {}, { markup: style }),
    ),
    element(
      'body',
      {},
      element('h1', {}, title),
      about.map((sentence) => element('p', {}, sentence)),
      section('Verification (1:1)', verificationTable(evaluations)),
      section('Curves', element('div', { class: 'charts' }, rocChart(evaluations), detChart(evaluations))),
      section('Distances of one person and of two', element('div', { class: 'charts' }, evaluations.map(histogramChart))),
      section('Identification (1:N)', identificationTable(evaluations)),
      data.door && doorSections(data.door),
      section(
        'Maps of the embeddings',
        mapNote,
        element(
          'div',
          { class: 'charts' },
          evaluations.map((evaluation) => mapOf(evaluation, data)),
        ),
      ),
      section(
        'Hardest pairs',
        evaluations.map((evaluation) => mistakes(evaluation, data)),
      ),
    ),
  );
  return `<!doctype html>\n${page.markup}\n`;
}

const mapNote = element('p', {}, 'UMAP in the plane: what lies close together is alike to the encoder. The axes mean nothing.');

function voidElement(name: string, attributes: Readonly<Record<string, string>>): Markup {
  return { markup: element(name, attributes).markup.replace(`</${name}>`, '') };
}

const power = (rate: number) => `1e${Math.round(Math.log10(rate))}`;

function verificationTable(evaluations: readonly Evaluation[]): Child {
  const targets = evaluations[0].atFmr.map(({ target }) => target);
  const head = [
    'Encoder',
    'Equal error rate',
    'Best accuracy',
    ...targets.map((target) => `True matches at FMR ${power(target)}`),
    'At the door’s 0.7',
  ];
  const rows = evaluations.map(({ name, eer, accuracy, atFmr, atTheDoor }) => [
    name,
    [percent(eer.eer), element('small', {}, ` at ${eer.threshold.toFixed(3)}`)],
    [percent(accuracy.accuracy), element('small', {}, ` at ${accuracy.threshold.toFixed(3)}`)],
    ...atFmr.map(({ tmr, threshold, resolved }) => [
      withInterval(tmr),
      element('small', {}, resolved ? ` at ${threshold.toFixed(3)}` : ' no false match at all: too few pairs for this rate'),
    ]),
    atTheDoor ? [withInterval(atTheDoor.tmr), element('small', {}, ` false ${atTheDoor.fmr.count} of ${atTheDoor.fmr.of}`)] : '–',
  ]);
  const { genuinePairs, impostorPairs } = evaluations[0];
  const always = percent(impostorPairs / (genuinePairs + impostorPairs));
  return [
    table(head, rows),
    element(
      'p',
      { class: 'note' },
      `${genuinePairs} genuine and ${impostorPairs} impostor pairs. Intervals are Wilson’s, for 95 %; they take the pairs for ` +
        `independent, which pairs that share a photograph are not. The best accuracy is that of a threshold chosen in hindsight; ` +
        `whoever always says "two people" has ${always}.`,
    ),
  ];
}

function identificationTable(evaluations: readonly Evaluation[]): Child {
  const head = ['Encoder', 'Templates', 'Rank 1', 'Identified', 'Misnamed', 'Strangers let in'];
  const rows = evaluations.flatMap(({ name, identification }) =>
    identification.results.map(({ templates, rank1, identified, misnamed, strangersLetIn }, i) => [
      i === 0 ? name : '',
      templates,
      ...[rank1, identified, misnamed, strangersLetIn].map(withInterval),
    ]),
  );
  return [
    table(head, rows),
    element(
      'p',
      { class: 'note' },
      'Each person enrolled with the first 1, 3 or 5 photographs; the probes are the ones after the fifth, the same for all. The threshold ' +
        'is that of an FMR of 1e-3 in the table above. For the last column the person at the door is left out of the gallery.',
    ),
  ];
}

const LEAST = 1e-5;
const fmrAxis: Axis = { label: 'False match rate', kind: 'log', from: LEAST, to: 1, format: power };

function rocChart(evaluations: readonly Evaluation[]): Markup {
  return chart({
    title: 'ROC: what is recognised for what is let in',
    x: fmrAxis,
    y: { label: 'True match rate', kind: 'linear', from: 0, to: 1, format: (value) => percent(value, 0) },
    series: evaluations.map(({ name, roc }, i) => ({
      name,
      colour: palette[i % palette.length],
      curve: 'steps' as const,
      points: roc.map(({ fmr, tmr }) => [fmr, tmr] as const),
    })),
  });
}

function detChart(evaluations: readonly Evaluation[]): Markup {
  return chart({
    title: 'DET: both errors, lower is better',
    x: fmrAxis,
    y: { label: 'False non-match rate', kind: 'log', from: 1e-3, to: 1, format: power },
    series: evaluations.map(({ name, roc }, i) => ({
      name,
      colour: palette[i % palette.length],
      points: roc.map(({ fmr, tmr }) => [fmr, 1 - tmr] as const),
    })),
  });
}

function histogramChart({ name, histogram, atTheDoor, eer }: Evaluation): Markup {
  const { from, to, genuine, impostor } = histogram;
  const outline = (shares: Histogram['genuine']) =>
    shares.map((share, i) => [from + ((to - from) * (i + 0.5)) / shares.length, share] as const);
  const marks = [{ x: atTheDoor?.threshold ?? eer.threshold, label: atTheDoor ? '0.7 at the door' : 'equal error' }];
  return chart({
    title: name,
    x: { label: 'Distance', kind: 'linear', from, to, format: String },
    y: {
      label: 'Share of the pairs',
      kind: 'linear',
      from: 0,
      to: Math.max(...genuine, ...impostor) * 1.1,
      format: (value) => percent(value, 0),
    },
    series: [
      { name: 'one person', colour: palette[2], points: outline(genuine), area: true },
      { name: 'two people', colour: palette[1], points: outline(impostor), area: true },
    ],
    marks,
  });
}

function mapOf({ name, map }: Evaluation, { photographs }: ReportData): Markup {
  return scatter(
    name,
    map.map(({ index, x, y }) => ({ x, y, group: photographs[index].person })),
  );
}

function mistakes({ name, mistakes: { nearestImpostors, farthestGenuine } }: Evaluation, data: ReportData): Markup {
  return element(
    'div',
    {},
    element('h3', {}, name),
    element('p', {}, 'Two people that it finds most alike'),
    pictures(nearestImpostors, data),
    element('p', {}, 'One person whose photographs it finds most unlike'),
    pictures(farthestGenuine, data),
  );
}

function pictures(pairs: readonly Pair[], { photographs, thumbnails }: ReportData): Markup {
  const picture = (index: number) =>
    voidElement('img', { src: thumbnails.get(index) ?? 'data:,', alt: photographs[index].name, title: photographs[index].name });
  const caption = ({ a, b }: Pair) =>
    [...new Set([a, b].map((index) => photographs[index].person.replaceAll('_', ' ')))].join(' / ');
  return element(
    'div',
    { class: 'pairs' },
    pairs.map((pair) =>
      element(
        'figure',
        {},
        element('div', {}, picture(pair.a), picture(pair.b)),
        element('figcaption', {}, caption(pair), element('small', {}, ` ${pair.distance.toFixed(3)}`)),
      ),
    ),
  );
}

const style = `
:root { color-scheme: light dark; --text: #1c1c1e; --faint: #6b6b70; --line: #d9d9de; --back: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --text: #ececf0; --faint: #a0a0a8; --line: #3a3a40; --back: #17171a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 1120px; margin: 0 auto; padding: 24px; }
h1 { font-size: 26px; margin: 0 0 8px; } h2 { font-size: 19px; margin: 36px 0 10px; border-bottom: 1px solid var(--line); } h3 { font-size: 16px; margin: 20px 0 4px; }
p { margin: 4px 0; } small, .note { color: var(--faint); font-size: 12px; }
td small, th small { display: block; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); }
thead th { font-weight: 600; font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(440px, 1fr)); gap: 20px; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--text); } svg .title { font-size: 14px; font-weight: 600; } svg .small { font-size: 11px; }
svg .grid { stroke: var(--line); stroke-width: 0.6; } svg .frame { fill: none; stroke: var(--line); } svg .mark { stroke: var(--text); stroke-dasharray: 4 3; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 16px 20px; } figure { margin: 0; } figure div { display: flex; gap: 2px; } img { width: 112px; height: 112px; border-radius: 4px; } figcaption { font-size: 12px; line-height: 1.3; }
`;
