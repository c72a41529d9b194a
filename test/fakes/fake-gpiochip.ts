import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GpiochipParts } from '../../src/door/gpiochip.js';
import type { FakeChip } from './fake-relay-gpio.js';

/**
 * Speaks as gpiochip-program.ts does, about lines that are files: `gpiochip0.line5` holds the level, `.shorted` another one that is
 * read, `.broken` an error, and with `.mute` nothing is said. `.log` gets every level that is written.
 */
const PROGRAM = String.raw`
  my ($device, $offset, $direction, $rest) = @ARGV;
  $| = 1; $SIG{$_} = 'IGNORE' for qw(INT TERM HUP PIPE);
  sub slurp { open(my $f, '<', $_[0]) or return; local $/; my $t = <$f>; $t }
  if (!defined $offset) { print slurp($device), "\n"; exit }
  my $file = "$device.line$offset";
  sub put { my $l = shift; open(my $f, '>', $file); print $f $l; close $f; open($f, '>>', "$file.log"); print $f $l; close $f }
  sub tell_level {
    my $error = slurp("$file.broken");
    return print "error $error\n" if defined $error;
    return if -e "$file.mute";
    print slurp(-e "$file.shorted" ? "$file.shorted" : $file), "\n";
  }
  put($rest) if $direction eq 'out';
  put(0) unless -e $file;
  open(my $pid, '>', "$file.pid"); print $pid $$; close $pid;
  my $seen = slurp($file);
  tell_level();
  while (1) {
    my $ready = ''; vec($ready, 0, 1) = 1;
    my $count = select($ready, undef, undef, 0.01);
    if ($direction eq 'in') {
      exit 1 if -e "$file.gone";
      my $now = slurp($file);
      if ($now ne $seen) { $seen = $now; tell_level() }
    }
    next unless $count;
    last unless sysread(STDIN, my $order, 64);
    chomp $order;
    put($order) unless $order eq '?';
    tell_level();
  }
  put($rest) if $direction eq 'out';
`;

export class FakeGpiochips {
  readonly deviceFolder = mkdtempSync(join(tmpdir(), 'facelatch-gpiochips-'));
  readonly parts: GpiochipParts = { deviceFolder: this.deviceFolder, program: ['perl', '-e', PROGRAM] };

  constructor(chips: readonly Omit<FakeChip, 'base'>[]) {
    chips.forEach(({ label, lines }, number) =>
      writeFileSync(join(this.deviceFolder, `gpiochip${number}`), `${label}\t${lines}`),
    );
  }

  /** The file behind a line of the first chip. */
  path(line: number, what = ''): string {
    return join(this.deviceFolder, `gpiochip0.line${line}${what}`);
  }

  /** The process that holds or reads the line. */
  pid(line: number): number {
    return Number(readFileSync(this.path(line, '.pid'), 'utf8'));
  }

  level(line: number): string {
    return readFileSync(this.path(line), 'utf8');
  }

  /** Every level that was written, oldest first. */
  written(line: number): string {
    return existsSync(this.path(line, '.log')) ? readFileSync(this.path(line, '.log'), 'utf8') : '';
  }

  set(line: number, what: string, text: string): void {
    // In one step: the process looks every 10 ms, and must not see half of it.
    const path = this.path(line, what);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}
