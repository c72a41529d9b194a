import { element, type Markup } from '../../training/report/markup.js';
import type { Results } from '../benches.js';
import type { Machine } from '../machine.js';
import { panels } from './panels.js';

const COLUMNS = 2;
const PANEL_WIDTH = 520;
const GAP = 24;
const TOP = 58;

const STYLE = `
svg { overflow: visible; }
text { font: 12px system-ui, sans-serif; fill: #222; }
.title { font-size: 14px; font-weight: 600; }
.small { font-size: 11px; }
.grid { stroke: #ddd; stroke-width: 1; }
.frame { fill: none; stroke: #999; }
`;

/** The figures that there are, as one SVG that needs nothing beside it. */
export function picture(results: Results, machine: Machine): string {
  const drawn = (Object.keys(panels) as (keyof Results)[]).flatMap((name) => {
    const figures = results[name];
    // Each panel takes the figures of its own name.
    const panel = panels[name] as ((figures: unknown) => Markup) | undefined;
    return figures === undefined || panel === undefined ? [] : [panel(figures)];
  });
  // Two columns, each panel into the one that is shorter.
  const heights = Array.from({ length: COLUMNS }, () => TOP);
  const placed = drawn.map((panel) => {
    const column = heights.indexOf(Math.min(...heights));
    const height = heightOf(panel);
    const at = { x: GAP + column * (PANEL_WIDTH + GAP), y: heights[column], width: PANEL_WIDTH, height };
    heights[column] += height + GAP;
    return element('svg', at, panel);
  });
  const [width, height] = [COLUMNS * (PANEL_WIDTH + GAP) + GAP, Math.max(...heights)];
  const { processor, cores, node, load } = machine;
  return element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height },
    element('style', {}, STYLE),
    element('rect', { width, height, fill: '#fff' }),
    element('text', { x: GAP + 16, y: 26, class: 'title' }, 'facelatch: what was measured'),
    element(
      'text',
      { x: GAP + 16, y: 44, class: 'small' },
      `npm run bench on ${cores} cores of ${processor}, Node ${node}; load at its start ${load.toFixed(1)}`,
    ),
    placed,
  ).markup;
}

function heightOf({ markup }: Markup): number {
  return Number(/viewBox="0 0 \d+ ([\d.]+)"/.exec(markup)?.[1] ?? 0);
}
