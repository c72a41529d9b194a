/** The parts of the picture, each from the figures of one bench. */
import { chart, palette } from '../../training/report/chart.js';
import type { Markup } from '../../training/report/markup.js';
import type { Results } from '../benches.js';
import type { WayFigures } from '../frame.js';
import type { GrowthFigures } from '../growth.js';
import { median } from '../statistics.js';
import { bars, type Bar } from './bars.js';

type Panels = { readonly [Name in keyof Results]?: (figures: NonNullable<Results[Name]>) => Markup };

const plain = palette[0];
const ms = (value: number) => `${value.toFixed(1)} ms`;
const STAGES = ['decode', 'detect', 'landmarks', 'quality', 'liveness', 'encode', 'match'];

export const panels: Panels = {
  frame({ ways, shippedAlone }) {
    const name = ({ threads, liveness }: WayFigures) =>
      `the way, ${threads} thread${threads > 1 ? 's' : ''}${liveness ? ', liveness' : ''}`;
    const [one] = ways;
    const all: Bar[] = [
      { name: 'three models as shipped', parts: { 'models alone': shippedAlone.ms }, text: ms(shippedAlone.ms) },
      { name: 'the same, tuned', parts: { 'models alone': one.modelsAlone.ms }, text: ms(one.modelsAlone.ms) },
      ...ways.map((way) => ({ name: name(way), parts: way.stagesMs, text: ms(way.whole.ms) })),
    ];
    const colours = ['models alone', ...STAGES].map((part, i) => [part, [...palette].reverse()[i]] as const);
    return bars({ title: 'One face, 640x480 JPEG', bars: all, colours: { ...Object.fromEntries(colours) }, unit: 'ms, medians' });
  },
  peers: (figures) =>
    bars({
      title: 'The same frame on other systems, one thread',
      bars: figures.map(({ name, medianMs, ratio }) => ({
        ...{ name: name.replace('the three models alone, ', 'models '), parts: { whole: medianMs } },
        text: `${ms(medianMs)}, ${ratio.toFixed(1)}x`,
      })),
      ...{ colours: { whole: plain }, unit: 'ms, medians' },
    }),
  faces: (figures) => growth('Faces in a frame', 'faces', 1, figures),
  sizes: (figures) => growth('Size of a frame, one face', 'megapixels', 1e6, figures),
  daemon({ readyMs, firstFrameMs }) {
    const bar = (name: string, values: readonly number[]) => ({
      ...{ name, parts: { median: median(values) }, text: `${median(values).toFixed(0)} ms` },
    });
    return bars({
      title: 'From the start of the process',
      bars: [bar('ready', readyMs), bar('first frame decided', firstFrameMs)],
      ...{ colours: { median: plain }, unit: 'ms, medians' },
    });
  },
  stream({ fps, fromCamera, fromArrival }) {
    const bar = (name: string, value: number) => ({ name, parts: { latency: value }, text: ms(value) });
    return bars({
      title: `A stream of ${fps} frames a second on one core`,
      bars: [
        bar('camera to decision, p50', fromCamera.p50Ms),
        bar('camera to decision, p99', fromCamera.p99Ms),
        bar('arrival to decision, p50', fromArrival.p50Ms),
        bar('arrival to decision, p99', fromArrival.p99Ms),
      ],
      ...{ colours: { latency: plain }, unit: 'ms' },
    });
  },
  people({ nearest }) {
    const series = [
      { name: 'the door', colour: palette[0], points: nearest.map(({ rows, nearestMs }) => [rows, nearestMs] as const) },
      { name: 'float32, one by one', colour: palette[1], points: nearest.map(({ rows, plainMs }) => [rows, plainMs] as const) },
    ];
    const most = Math.max(...nearest.map(({ plainMs }) => plainMs));
    return chart({
      title: 'The nearest of many templates',
      x: { label: 'templates', kind: 'log', from: 1_000, to: 100_000, format: (value) => value.toLocaleString('en') },
      y: { label: 'ms', kind: 'log', from: 0.01, to: 10 ** Math.ceil(Math.log10(most)), format: String },
      series,
    });
  },
  soak({ readings }) {
    const line = (name: string, i: number, value: (reading: (typeof readings)[number]) => number) => ({
      ...{ name, colour: palette[i], points: readings.map((reading) => [reading.frames, value(reading)] as const) },
    });
    const most = Math.max(...readings.map(({ residentMegabytes }) => residentMegabytes));
    return chart({
      title: 'Memory over a long stream',
      x: {
        label: 'frames',
        kind: 'linear',
        from: 0,
        to: readings.at(-1)?.frames ?? 1,
        format: (value) => value.toLocaleString('en'),
      },
      y: { label: 'MB', kind: 'linear', from: 0, to: Math.ceil(most / 50) * 50, format: String },
      series: [
        line('resident', 0, ({ residentMegabytes }) => residentMegabytes),
        line('heap', 1, ({ heapMegabytes }) => heapMegabytes),
      ],
    });
  },
};

function growth(title: string, label: string, unit: number, { rows }: GrowthFigures): Markup {
  const most = Math.max(...rows.map(({ wholeWithLivenessMs }) => wholeWithLivenessMs));
  const points = (value: (row: (typeof rows)[number]) => number) => rows.map((row) => [row.amount / unit, value(row)] as const);
  return chart({
    title,
    x: { label, kind: 'linear', from: 0, to: Math.max(...rows.map(({ amount }) => amount)) / unit, format: String },
    y: { label: 'ms', kind: 'linear', from: 0, to: Math.ceil(most / 10) * 10, format: String },
    series: [
      { name: 'with liveness', colour: palette[1], points: points(({ wholeWithLivenessMs }) => wholeWithLivenessMs) },
      { name: 'without', colour: palette[0], points: points(({ wholeMs }) => wholeMs) },
    ],
  });
}
