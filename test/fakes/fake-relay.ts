import { SimulatedRelay } from '../../src/door/simulated-relay.js';

/** A relay that fails on request; what it really does is in `writes`, and in `line`. */
export class FakeRelay extends SimulatedRelay {
  /** Thrown by `set`, when it is to energise, to release, or both. */
  failSet: 'never' | 'energise' | 'release' | 'always' = 'never';
  failRead = false;
  /** What `read` says instead of the truth. */
  readsAlways: boolean | undefined;
  /** A welded or a broken contact: writes are taken and change nothing. */
  stuckAt: boolean | undefined;
  closed = 0;

  /** Whether it is energised in truth. */
  get line(): boolean {
    return this.stuckAt ?? super.read();
  }

  override set(energised: boolean): void {
    const failing = this.failSet === 'always' || this.failSet === (energised ? 'energise' : 'release');
    if (failing) throw new Error('EIO: i/o error, write');
    super.set(energised);
  }

  override read(): boolean {
    if (this.failRead) throw new Error('EIO: i/o error, read');
    return this.readsAlways ?? this.line;
  }

  override close(): void {
    this.closed += 1;
    super.close();
  }
}
