import { scaleLinear, scaleLog } from 'd3-scale';
import { curveLinear, curveStepAfter, line } from 'd3-shape';
import { element, type Markup } from './markup.js';

export interface Axis {
  readonly label: string;
  readonly kind: 'linear' | 'log';
  readonly from: number;
  readonly to: number;
  readonly format: (value: number) => string;
}

export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly curve?: 'linear' | 'steps';
  /** Filled down to the axis. */
  readonly area?: boolean;
}

export interface ChartOptions {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
}

const WIDTH = 520;
const HEIGHT = 340;
const margin = { top: 34, right: 16, bottom: 44, left: 62 };
const LEGEND_ROW = 18;
// The widths of names can only be guessed where no browser measures them.
const LEGEND_COLUMNS = 2;

// Okabe and Ito (2008): told apart by people who do not see all colours, too.
export const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f', '#000000'];

/** Lines in a frame with axes, ticks and a legend, as SVG. */
export function chart({ title, x, y, series, marks = [] }: ChartOptions): Markup {
  const across = scaleOf(x, [margin.left, WIDTH - margin.right]);
  const up = scaleOf(y, [HEIGHT - margin.bottom, margin.top]);
  const floor = HEIGHT - margin.bottom;

  const lines = series.map(({ name, colour, points, curve, area }) => {
    const path = line<readonly [number, number]>()
      .x(([value]) => across.at(value))
      .y(([, value]) => up.at(value))
      .curve(curve === 'steps' ? curveStepAfter : curveLinear);
    const drawn = path([...points]) ?? '';
    const filled = area === true && points.length > 0 ? `${drawn}V${floor}H${across.at(points[0][0])}Z` : '';
    return [
      filled === '' ? undefined : element('path', { d: filled, fill: colour, 'fill-opacity': 0.2 }),
      element('path', { d: drawn, fill: 'none', stroke: colour, 'stroke-width': 1.8, 'data-series': name }),
    ];
  });
  const legend = (series.length > 1 ? series : []).map(({ name, colour }, i) => {
    const left = margin.left + ((i % LEGEND_COLUMNS) * (WIDTH - margin.left)) / LEGEND_COLUMNS;
    const at = HEIGHT + 12 + Math.floor(i / LEGEND_COLUMNS) * LEGEND_ROW;
    return [
      element('line', { x1: left, x2: left + 18, y1: at - 4, y2: at - 4, stroke: colour, 'stroke-width': 3 }),
      element('text', { x: left + 24, y: at }, name),
    ];
  });
  const marked = marks.map(({ x: value, label }) => [
    element('line', { x1: across.at(value), x2: across.at(value), y1: margin.top, y2: floor, class: 'mark' }),
    element('text', { x: across.at(value) + 4, y: margin.top + 12, class: 'small' }, label),
  ]);
  return element(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT + Math.ceil(legend.length / LEGEND_COLUMNS) * LEGEND_ROW}`,
      role: 'img',
      'aria-label': title,
      xmlns: 'http://www.w3.org/2000/svg',
    },
    element('text', { x: margin.left, y: 18, class: 'title' }, title),
    axes(x, y, across, up),
    lines,
    marked,
    legend,
  );
}

interface Scale {
  /** A value that lies outside is drawn at the edge. */
  at(value: number): number;
  readonly ticks: readonly number[];
}

function scaleOf({ kind, from, to }: Axis, range: [number, number]): Scale {
  const at = (kind === 'log' ? scaleLog() : scaleLinear()).domain([from, to]).range(range).clamp(true);
  // Whole decades only: the ticks between them have no room for their numbers.
  const decades =
    kind === 'log' ? Array.from({ length: Math.round(Math.log10(to / from)) + 1 }, (_, i) => from * 10 ** i) : undefined;
  return {
    at: (value) => Math.round(at(kind === 'log' ? Math.max(from, value) : value) * 100) / 100,
    ticks: decades ?? at.ticks(6),
  };
}

function axes(x: Axis, y: Axis, across: Scale, up: Scale): Markup {
  const [left, right, top, bottom] = [margin.left, WIDTH - margin.right, margin.top, HEIGHT - margin.bottom];
  return element(
    'g',
    { class: 'axes' },
    across.ticks.map((value) => [
      element('line', { x1: across.at(value), x2: across.at(value), y1: top, y2: bottom, class: 'grid' }),
      element('text', { x: across.at(value), y: bottom + 16, 'text-anchor': 'middle' }, x.format(value)),
    ]),
    up.ticks.map((value) => [
      element('line', { x1: left, x2: right, y1: up.at(value), y2: up.at(value), class: 'grid' }),
      element('text', { x: left - 6, y: up.at(value) + 4, 'text-anchor': 'end' }, y.format(value)),
    ]),
    element('rect', { x: left, y: top, width: right - left, height: bottom - top, class: 'frame' }),
    element('text', { x: (left + right) / 2, y: HEIGHT - 8, 'text-anchor': 'middle' }, x.label),
    element('text', { transform: `translate(14 ${(top + bottom) / 2}) rotate(-90)`, 'text-anchor': 'middle' }, y.label),
  );
}
