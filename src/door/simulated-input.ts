import type { DoorInputLine } from './door-input.js';

/** An input in memory, for a machine without GPIO; `set` is what a hand on the door would do. */
export class SimulatedInput implements DoorInputLine {
  #active = false;
  #onEdge: (() => void) | undefined;

  /** Active: open, pressed, tampered with. */
  set(active: boolean): void {
    if (active === this.#active) return;
    this.#active = active;
    this.#onEdge?.();
  }

  read(): boolean {
    return this.#active;
  }

  watch(onEdge: () => void): void {
    this.#onEdge = onEdge;
  }

  close(): void {
    this.#onEdge = undefined;
  }
}
