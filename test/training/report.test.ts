import { describe, expect, it } from 'vitest';
import { evaluate } from '../../scripts/training/evaluation/evaluate.js';
import { createRandom } from '../../scripts/training/random.js';
import { chart } from '../../scripts/training/report/chart.js';
import { htmlReport } from '../../scripts/training/report/html.js';
import { element } from '../../scripts/training/report/markup.js';

const axis = { label: 'x', from: 0, to: 10, kind: 'linear', format: String } as const;

describe('markup', () => {
  it('escapes what is text, and not what is markup', () => {
    const inner = element('b', { title: '"><script>' }, '<i>&');
    expect(element('p', {}, inner, ['and ', 1], undefined).markup).toBe(
      '<p><b title="&#34;&#62;&#60;script&#62;">&#60;i&#62;&#38;</b>and 1</p>',
    );
  });
});

describe('a chart', () => {
  it('draws values where the axes say, and those outside at the edge', () => {
    const { markup } = chart({
      title: 't',
      x: axis,
      y: axis,
      series: [
        {
          name: 's',
          colour: '#000',
          points: [
            [0, 0],
            [10, 10],
            [20, 5],
          ],
        },
      ],
    });
    // Left and bottom are 62 and 296, right and top 504 and 34.
    expect(markup).toContain('d="M62,296L504,34L504,165"');
  });

  it('shows 0 at the bottom of a logarithmic axis, with a tick for each decade', () => {
    const log = {
      ...axis,
      kind: 'log',
      from: 1e-3,
      to: 1,
      format: (value: number) => `#${Math.round(Math.log10(value))}`,
    } as const;
    const { markup } = chart({
      title: 't',
      x: axis,
      y: log,
      series: [
        {
          name: 's',
          colour: '#000',
          points: [
            [0, 0],
            [10, 1],
          ],
        },
      ],
    });
    expect(markup).toContain('d="M62,296L504,34"');
    expect([...markup.matchAll(/>(#-?\d+)</g)].map(([, tick]) => tick)).toEqual(['#-3', '#-2', '#-1', '#0']);
  });
});

describe('the report', () => {
  const random = createRandom(1);
  const people = Array.from({ length: 24 }, (_, i) => (i < 8 ? '<b>Eve</b>' : `p${i % 3}`));
  const vectors = people.map(() => Float32Array.from({ length: 4 }, () => random.normal()));
  const evaluations = ['pixels', 'one & two'].map((name) => evaluate(name, vectors, people, undefined));
  const photographs = people.map((person, i) => ({ person, name: `"${i}".jpg` }));
  const html = htmlReport({
    title: 'How good?',
    about: ['On <24> photographs.'],
    evaluations,
    photographs,
    thumbnails: new Map(),
  });

  it('stands alone: nothing is loaded and nothing is run', () => {
    expect(html).toContain('default-src &#39;none&#39;; img-src data:');
    expect(html).not.toMatch(/<script|javascript:|@import|url\(/i);
    const sources = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, source]) => source);
    for (const source of sources) expect(source).toMatch(/^data:/);
  });

  it('escapes names', () => {
    expect(html).toContain('&#60;b&#62;Eve&#60;/b&#62;');
    expect(html).not.toContain('<b>Eve');
  });

  it('has both curves, and for each encoder a histogram, a map and its hardest pairs', () => {
    const titles = [...html.matchAll(/<svg[^>]* aria-label="([^"]*)"/g)].map(([, title]) => title);
    expect(titles).toEqual([
      'ROC: what is recognised for what is let in',
      'DET: both errors, lower is better',
      'pixels',
      'one &#38; two',
      'pixels',
      'one &#38; two',
    ]);
    expect(html.match(/<figure>/g)).toHaveLength(2 * 16);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });
});
