/** Small things that make the command line's answers readable. */

export const decimals = (value: number): string => (Number.isFinite(value) ? value.toFixed(3) : '-');

/** "decode 3.1 ms, detect 6.4 ms, ..., total 21.0 ms" of times whose names end in Ms. */
export function spread(times: Readonly<Record<string, number>>): string {
  const total = Object.values(times).reduce((sum, ms) => sum + ms, 0);
  return [...Object.entries(times), ['total', total] as const]
    .map(([name, ms]) => `${name.replace(/Ms$/, '')} ${ms.toFixed(1)} ms`)
    .join(', ');
}

/** Rows of a label and a text, the texts aligned; a text of several lines goes on below itself. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows
    .map(([label, text]) => `  ${label.padEnd(width)}  ${text.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`)
    .join('\n');
}

/** Columns under a heading, each as wide as its widest cell. */
export function columns(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  return [heading, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
