import { RingestError } from '@ringest/codec';
import type { Loss, LossReason } from './boundary.js';

/** A ring size that is not a power of two between 64 KiB and 1 GiB. */
export class RingSizeError extends RingestError {
  readonly code = 'ERR_RING_SIZE';
  readonly ringBytes: number;

  constructor(ringBytes: number) {
    super(
      `a ring of ${ringBytes} bytes is not possible: use a power of two from 65536 to 1073741824`,
    );
    this.ringBytes = ringBytes;
  }
}

/** Bytes of a ring that are no record: memory was overwritten by something else in this process. */
export class RingCorruptError extends RingestError {
  readonly code = 'ERR_RING_CORRUPT';

  constructor(word: number, cursor: number) {
    super(
      `the ring holds 0x${(word >>> 0).toString(16)} at ${cursor >>> 0}, which begins no record: ` +
        'its memory was overwritten; close the muxer and start again',
    );
  }
}

/** A connection to an indexer that could not be made, or was lost. */
export class ConnectionError extends RingestError {
  readonly code = 'ERR_CONNECTION';
  /** The address of the target. */
  readonly target: string;
  readonly reason: LossReason;

  constructor(target: string, loss: Loss, options?: ErrorOptions) {
    super(`${target}: ${loss.message}`, options);
    this.target = target;
    this.reason = loss.reason;
  }
}
