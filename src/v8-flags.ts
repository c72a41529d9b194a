import { setFlagsFromString } from 'node:v8';

/** Sets what a door wants of V8, for every thread that is started afterwards. */
export function setV8Flags(): void {
  // A camera's pictures lie outside the heap but count for its growth: ten a second had a heap of 15 MB marked once or twice a second, for
  // more than all else that a quiet door costs. Four times the live heap leaves room for them until a cheap scavenge frees them.
  setFlagsFromString('--heap-growing-percent=300');
  // The first picture is walked over by loops that nobody has compiled yet: they wait for their quick code instead of going on without it.
  setFlagsFromString('--no-concurrent-osr');
}
