import { describe, expect, it } from 'vitest';
import { contactCell, contactInputs, contactStates, lockCell, lockInputs, lockStates, tablesOf } from './table.js';

const tables = tablesOf(new URL('../../docs/door.md', import.meta.url)).filter((rows) => rows[0]?.[0] === 'input');
const [normal, others, contacts] = tables as [string[][], string[][], string[][]];

/** Every cell of a table as [state, input, what the table says]. */
const cellsOf = ([headings, ...rows]: string[][]) =>
  rows.flatMap(([input, ...cells]) => cells.map((said, column) => [headings[column + 1], input, said] as const));

describe('the state table of docs/door.md', () => {
  it('has every state as a column and every input as a row, once', () => {
    expect(tables).toHaveLength(3);
    expect([...normal[0].slice(1), ...others[0].slice(1)]).toEqual(Object.keys(lockStates));
    expect(contacts[0].slice(1)).toEqual(Object.keys(contactStates));
    for (const table of [normal, others]) expect(table.slice(1).map((row) => row[0])).toEqual(Object.keys(lockInputs));
    expect(contacts.slice(1).map((row) => row[0])).toEqual(Object.keys(contactInputs));
    for (const table of tables) for (const row of table) expect(row).toHaveLength(table[0].length);
  });

  it.each([...cellsOf(normal), ...cellsOf(others)])('in "%s", on "%s", is: %s', (state, input, said) => {
    expect(lockCell(lockStates[state], lockInputs[input], input)).toBe(said);
  });

  it.each(cellsOf(contacts))('with the contact "%s", on "%s", is: %s', (state, input, said) => {
    expect(contactCell(contactStates[state], contactInputs[input])).toBe(said);
  });
});
