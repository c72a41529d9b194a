import { scaleLinear } from 'd3-scale';
import { symbol, symbolsFill } from 'd3-shape';
import { palette } from './chart.js';
import { element, type Markup } from './markup.js';

export interface ScatterPoint {
  readonly x: number;
  readonly y: number;
  readonly group: string;
}

const SIZE = 400;
const MARGIN = 26;
// More names than this are told by the pointer only.
const LEGEND_MOST = 16;

/** Points of several groups: a colour and a shape each, as far as both go. */
export function scatter(title: string, points: readonly ScatterPoint[]): Markup {
  const groups = [...new Set(points.map(({ group }) => group))].sort();
  const scale = (values: number[], range: [number, number]) =>
    scaleLinear()
      .domain([Math.min(...values), Math.max(...values)])
      .range(range);
  const across = scale(
    points.map(({ x }) => x),
    [MARGIN, SIZE - MARGIN],
  );
  const up = scale(
    points.map(({ y }) => y),
    [SIZE - MARGIN, MARGIN + 14],
  );
  const look = (group: string) => {
    const at = groups.indexOf(group);
    const shape = symbolsFill[Math.floor(at / palette.length) % symbolsFill.length];
    return { d: symbol(shape, 44)() ?? '', fill: palette[at % palette.length] };
  };
  const place = (x: number, y: number) => `translate(${x.toFixed(1)} ${y.toFixed(1)})`;
  const marks = points.map(({ x, y, group }) =>
    element('path', { ...look(group), 'fill-opacity': 0.85, transform: place(across(x), up(y)) }, element('title', {}, group)),
  );
  const legend = groups.length > LEGEND_MOST ? [] : groups;
  return element(
    'svg',
    {
      viewBox: `0 0 ${SIZE + (legend.length > 0 ? 170 : 0)} ${SIZE}`,
      role: 'img',
      'aria-label': title,
      xmlns: 'http://www.w3.org/2000/svg',
    },
    element('text', { x: MARGIN, y: 18, class: 'title' }, title),
    element('rect', { x: 8, y: MARGIN, width: SIZE - 16, height: SIZE - MARGIN - 8, class: 'frame' }),
    marks,
    legend.map((group, i) => [
      element('path', { ...look(group), transform: place(SIZE + 8, MARGIN + 12 + i * 18) }),
      element('text', { x: SIZE + 18, y: MARGIN + 16 + i * 18 }, group.replaceAll('_', ' ')),
    ]),
  );
}
