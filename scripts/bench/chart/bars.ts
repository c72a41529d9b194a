import { scaleLinear } from 'd3-scale';
import { stack } from 'd3-shape';
import { element, type Markup } from '../../training/report/markup.js';

/** One bar: a name, and what it is made of, from the left. */
export interface Bar {
  readonly name: string;
  readonly parts: Readonly<Record<string, number>>;
  /** Beside its end. */
  readonly text: string;
}

export interface BarsOptions {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** Of the parts. */
  readonly colours: Readonly<Record<string, string>>;
  readonly unit: string;
}

const WIDTH = 520;
const margin = { top: 34, right: 96, bottom: 40, left: 205 };
const ROW = 26;
const THICKNESS = 18;
const LEGEND_COLUMNS = 4;
const LEGEND_ROW = 18;

/** Lying bars, stacked of their parts, with a legend where there are several parts. */
export function bars({ title, bars, colours, unit }: BarsOptions): Markup {
  const keys = Object.keys(colours);
  const totals = bars.map(({ parts }) => Object.values(parts).reduce((sum, value) => sum + value, 0));
  const across = scaleLinear()
    .domain([0, Math.max(...totals)])
    .range([margin.left, WIDTH - margin.right])
    .nice();
  const at = (value: number) => Math.round(across(value) * 100) / 100;
  const floor = margin.top + bars.length * ROW;
  const stacked = stack<Bar>()
    .keys(keys)
    .value(({ parts }, key) => Object.entries(parts).find(([name]) => name === key)?.[1] ?? 0)([...bars]);
  const drawn = stacked.map((series) =>
    series.map(([from, to], row) =>
      to === from
        ? undefined
        : element(
            'rect',
            {
              ...{ x: at(from), y: margin.top + row * ROW + (ROW - THICKNESS) / 2, width: at(to) - at(from), height: THICKNESS },
              fill: colours[series.key],
            },
            element('title', {}, `${bars[row].name}, ${series.key}: ${(to - from).toFixed(2)} ${unit}`),
          ),
    ),
  );
  const labels = bars.map(({ name, text }, row) => {
    const y = margin.top + row * ROW + ROW / 2 + 4;
    return [
      element('text', { x: margin.left - 8, y, 'text-anchor': 'end' }, name),
      element('text', { x: at(totals[row]) + 6, y, class: 'small' }, text),
    ];
  });
  const legend = (keys.length > 1 ? keys : []).map((key, i) => {
    const x = 16 + ((i % LEGEND_COLUMNS) * (WIDTH - 16)) / LEGEND_COLUMNS;
    const y = floor + margin.bottom + 12 + Math.floor(i / LEGEND_COLUMNS) * LEGEND_ROW;
    return [element('rect', { x, y: y - 10, width: 12, height: 12, fill: colours[key] }), element('text', { x: x + 18, y }, key)];
  });
  const height = floor + margin.bottom + Math.ceil(legend.length / LEGEND_COLUMNS) * LEGEND_ROW + 6;
  return element(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': title, xmlns: 'http://www.w3.org/2000/svg' },
    element('text', { x: 16, y: 18, class: 'title' }, title),
    across
      .ticks(6)
      .map((value) => [
        element('line', { x1: at(value), x2: at(value), y1: margin.top, y2: floor, class: 'grid' }),
        element('text', { x: at(value), y: floor + 16, 'text-anchor': 'middle' }, value),
      ]),
    element('text', { x: (margin.left + WIDTH - margin.right) / 2, y: floor + 32, 'text-anchor': 'middle' }, unit),
    drawn,
    labels,
    legend,
  );
}
