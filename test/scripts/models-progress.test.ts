import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { progressOn } from '../../scripts/models/progress.js';

/** What stderr is: a terminal of 80 columns, or none. */
function stream(isTTY: boolean): NodeJS.WriteStream & { readonly text: string } {
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      state.text += chunk.toString();
      done();
    },
  });
  const cursor = { cursorTo: () => true, moveCursor: () => true, clearLine: () => true };
  const state = Object.assign(sink, { isTTY, columns: 80, text: '', ...cursor });
  return state as unknown as NodeJS.WriteStream & { readonly text: string };
}

describe('the progress of a download', () => {
  it('is a few plain lines where there is no terminal, without control characters', () => {
    const output = stream(false);
    const shown = progressOn(output).begin('models@1.0.0', 10_000_000, 0);
    for (let bytes = 0; bytes <= 10_000_000; bytes += 50_000) shown.at(bytes);
    shown.end();
    const lines = output.text.trimEnd().split('\n');
    expect(lines[0]).toBe('models@1.0.0: fetching 10.0 MB');
    expect(lines[1]).toMatch(/^models@1\.0\.0: 10 %, 1\.0 of 10\.0 MB, \d+\.\d MB\/s$/);
    expect(lines).toHaveLength(11);
    expect(lines.join('')).toMatch(/^[\x20-\x7e]+$/);
  });

  it('says where it continues', () => {
    const output = stream(false);
    progressOn(output).begin('models@1.0.0', 10_000_000, 4_000_000).end();
    expect(output.text).toBe('models@1.0.0: continuing at 4.0 of 10.0 MB\n');
  });

  it('is a bar with megabytes and speed on a terminal, which a note does not spoil', () => {
    const output = stream(true);
    const shown = progressOn(output).begin('models@1.0.0', 10_000_000, 0);
    shown.at(5_000_000);
    shown.note('the connection ended');
    shown.at(10_000_000);
    shown.end();
    shown.end();
    expect(output.text).toMatch(/models@1\.0\.0 .*50 % \| 5\.0 of 10\.0 MB \| \d+\.\d MB\/s/);
    expect(output.text).toContain('\nthe connection ended\n');
    expect(output.text).toContain('100 % | 10.0 of 10.0 MB');
  });
});
