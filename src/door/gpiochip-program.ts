/**
 * What holds a line of a GPIO character device, in Perl, which every Debian and Ubuntu has (it is essential there).
 *
 * A process of its own, so that the line is released however the daemon ends: when its standard input closes, it writes the
 * released level and goes. libgpiod's `gpioset` could hold a line as well, but says only what it was told when it is asked for the
 * level (its `get`), and while it holds the line nobody else can read it; this asks the pin. It speaks version 2 of the kernel's
 * interface (linux/gpio.h, since Linux 5.10), so no libgpiod of either version is needed.
 *
 * Arguments: the chip's device, then
 *   - nothing: prints the chip's label and the number of its lines, separated by a tab;
 *   - the line's offset, `out`, the released level, seconds: prints the level read back, and again after each line `0`, `1`
 *     (written first) or `?` of standard input. When none comes for so many seconds while the line is not at the released level,
 *     the daemon is stuck: the released level is written, and nothing said.
 *   - the line's offset, `in`, a bias: prints the level, and again after each change.
 * Instead of a level it prints `error` and why. Levels are physical.
 */
export const GPIOCHIP_PROGRAM = String.raw`
use strict;
use warnings;

# linux/gpio.h: _IOR(0xB4, 0x01, 68 bytes), _IOWR(0xB4, 0x07, 592), _IOWR(0xB4, 0x0E, 16), _IOWR(0xB4, 0x0F, 16)
my ($CHIP_INFO, $GET_LINE, $GET_VALUES, $SET_VALUES) = (0x8044B401, 0xC250B407, 0xC010B40E, 0xC010B40F);
my %FLAGS = ('out' => 1 << 3, 'in' => 1 << 2 | 1 << 4 | 1 << 5);
my %BIAS = ('as-is' => 0, 'pull-up' => 1 << 8, 'pull-down' => 1 << 9, 'disabled' => 1 << 10);
my ($OUTPUT_VALUES, $EVENT_BYTES) = (2, 48);

my ($device, $offset, $direction, $rest, $patience) = @ARGV;
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP PIPE);
$| = 1;
sub fail { print "error $_[0]: $!\n"; exit 1 }

open(my $chip, '+<', $device) or fail("cannot open $device");
if (!defined $offset) {
  my $info = "\0" x 68;
  ioctl($chip, $CHIP_INFO, $info) or fail("$device is no GPIO chip");
  my (undef, $label, $lines) = unpack('Z32 Z32 L', $info);
  print "$label\t$lines\n";
  exit 0;
}

my $out = $direction eq 'out';
my $request = pack('L64', $offset, (0) x 63) . pack('a32', 'facelatch')
  . pack('Q L x20', $FLAGS{$direction} | ($out ? 0 : $BIAS{$rest}), $out ? 1 : 0)
  . ($out ? pack('L x4 Q Q', $OUTPUT_VALUES, $rest, 1) : "\0" x 24) . "\0" x (9 * 24)
  . pack('L x24 l', 1, 0);
ioctl($chip, $GET_LINE, $request) or fail("cannot have line $offset of $device");
open(my $line, '+<&=', unpack('l', substr($request, 588))) or fail('cannot use the line');

sub tell_level {
  my $values = pack('Q Q', 0, 1);
  ioctl($line, $GET_VALUES, $values) or return print "error cannot read the line: $!\n";
  print unpack('Q', $values) & 1, "\n";
}
my $level = $rest;
sub write_level {
  $level = $_[0];
  ioctl($line, $SET_VALUES, pack('Q Q', $level, 1)) or return !print "error cannot write the line: $!\n";
}

tell_level();
while (1) {
  my $ready = '';
  vec($ready, 0, 1) = 1;
  vec($ready, fileno($line), 1) = 1 unless $out;
  my $count = select($ready, undef, undef, $out && $level ne $rest ? $patience : undef);
  next if $count < 0;
  if ($count == 0) {
    # An answer that was not asked for would be taken for the next one's.
    ioctl($line, $SET_VALUES, pack('Q Q', $level = $rest, 1));
    next;
  }
  if (!$out && vec($ready, fileno($line), 1)) {
    sysread($line, my $events, 16 * $EVENT_BYTES);
    tell_level();
  }
  next unless vec($ready, 0, 1);
  last unless sysread(STDIN, my $orders, 64);
  for my $order (split /\n/, $orders) {
    tell_level() if $order eq '?' || write_level($order);
  }
}
write_level($rest) if $out;
`;
