/**
 * The GPIO controller of QEMU's `virt` machine, an ARM PL061 with 8 lines, as it looks from outside. Its data register under the
 * mask of all lines (offset 0x3FC) and the direction register (0x400) stand side by side.
 */
export const PL061_REGISTERS = 0x0903_03fc;

/** What QEMU's monitor is asked for both registers. */
export const READ_PL061 = `xp /2wx 0x${PL061_REGISTERS.toString(16)}`;

export interface Pl061 {
  readonly data: number;
  /** A set bit is an output. */
  readonly direction: number;
}

/** @throws Error when that is no answer to {@link READ_PL061} */
export function parsePl061(answer: string): Pl061 {
  const found = /^0*90303fc: 0x([0-9a-f]{8}) 0x([0-9a-f]{8})\s*$/.exec(answer);
  if (!found) throw new Error(`expected the registers of the GPIO controller, received "${answer.trim()}"`);
  return { data: parseInt(found[1], 16), direction: parseInt(found[2], 16) };
}

/** Whether the line is driven high. An input is not driven: a relay's pull-down holds it low. */
export function isDrivenHigh({ data, direction }: Pl061, line: number): boolean {
  return (data & direction & (1 << line)) !== 0;
}
