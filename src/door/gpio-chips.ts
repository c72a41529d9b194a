/**
 * The chips that carry the header of a Raspberry Pi (1 to 3 and Zero; 4; 5) and of a Jetson (Orin; Xavier; Nano and TX).
 * A Pi 5 has four other chips, on which a wrong line would switch the board's own power or its radio.
 */
const HEADER_CHIPS: readonly string[] = [
  'pinctrl-bcm2835',
  'pinctrl-bcm2711',
  'pinctrl-rp1',
  'tegra234-gpio',
  'tegra194-gpio',
  'tegra-gpio',
];

export interface LineAddress {
  /** The line's offset on its chip (BCM number on a Pi). */
  readonly line: number;
  /** The chip's label; the header's chip, or the only chip, unless given. */
  readonly chipLabel?: string | undefined;
}

export interface Chip {
  readonly label: string;
  readonly lines: number;
}

/** The chip that is meant; undefined where none is, or several could be: a guess could energise something else. */
export function chooseChip<C extends Chip>(chips: readonly C[], { line, chipLabel }: LineAddress): C | undefined {
  const candidates =
    chipLabel !== undefined
      ? chips.filter(({ label }) => label === chipLabel)
      : chips.length === 1
        ? chips
        : chips.filter(({ label }) => HEADER_CHIPS.includes(label));
  const [only] = candidates;
  return candidates.length === 1 && line < only.lines ? only : undefined;
}

/** The line in words, for errors. */
export function describeLine({ line, chipLabel }: LineAddress): string {
  if (chipLabel !== undefined) return `line ${line} of exactly one GPIO chip labelled "${chipLabel}"`;
  return `line ${line} of a GPIO chip that needs no chipLabel (the board's header, or the only one)`;
}
