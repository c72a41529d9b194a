import type { Rate } from '../../../src/identity/calibration/rates.js';
import { element, type Child, type Markup } from './markup.js';

export const percent = (share: number, digits = 1) => (Number.isNaN(share) ? '–' : `${(100 * share).toFixed(digits)} %`);
export const withInterval = ({ rate, low, high, count, of }: Rate) =>
  of === 0 ? '–' : [percent(rate), element('small', {}, ` ${percent(low)} – ${percent(high)}, ${count} of ${of}`)];

export function section(heading: string, ...children: Child[]): Markup {
  return element('section', {}, element('h2', {}, heading), children);
}

export function table(head: readonly Child[], rows: readonly (readonly Child[])[]): Markup {
  const cells = (kind: string, row: readonly Child[]) =>
    element(
      'tr',
      {},
      row.map((cell, i) => element(i === 0 ? 'th' : kind, {}, cell)),
    );
  return element(
    'div',
    { class: 'wide' },
    element(
      'table',
      {},
      element('thead', {}, cells('th', head)),
      element(
        'tbody',
        {},
        rows.map((row) => cells('td', row)),
      ),
    ),
  );
}
