import { setFlagsFromString } from 'node:v8';

/**
 * A camera's pictures lie outside the heap but count for its growth: ten a second had a heap of 15 MB marked once or twice a second, for
 * more than all else that a quiet door costs. Four times the live heap leaves room for them until a cheap scavenge frees them.
 */
export function makeRoomForPictures(): void {
  setFlagsFromString('--heap-growing-percent=300');
}
