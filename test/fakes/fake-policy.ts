import type { Policy } from '../../src/access/policy.js';
import type { DenyReason } from '../../src/events.js';

/** A policy that says what it is told to say, and remembers what it was told. */
export class FakePolicy implements Policy {
  refuses: DenyReason | undefined;
  locked = false;
  readonly told: (DenyReason | 'granted')[] = [];

  refusal(): DenyReason | undefined {
    return this.refuses ?? (this.locked ? 'locked_out' : undefined);
  }

  lockedOut(): boolean {
    return this.locked;
  }

  denied(reason: DenyReason): void {
    this.told.push(reason);
  }

  granted(): void {
    this.told.push('granted');
  }
}
