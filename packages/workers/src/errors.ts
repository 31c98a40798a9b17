import { RingestError } from '@ringest/codec';
import type { LossReason } from './endpoint.js';
import type { LossMessage } from './messages.js';

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

  constructor(target: string, loss: LossMessage, options?: ErrorOptions) {
    super(`${target}: ${loss.message}`, options);
    this.target = target;
    this.reason = loss.reason;
  }
}

/** Which limit stands in the way: address space, memory, a thread's heap, open files, or threads. */
export type SystemLimit = 'addressSpace' | 'memory' | 'heap' | 'files' | 'threads';

const LIMIT_ADVICE: Readonly<Record<SystemLimit, string>> = {
  addressSpace:
    'WebAssembly reserves about 10.5 GB of address space for each lane: raise the limit (ulimit -v), ' +
    'start node with --disable-wasm-trap-handler, which reserves no more than is used, or use fewer lanes',
  memory: 'give the process more memory, or write smaller entries',
  heap: 'start node with a larger --max-old-space-size, or use more workers with fewer lanes each',
  files: 'raise the limit of open files (ulimit -n), or use fewer targets, lanes or workers',
  threads: 'raise the limit of threads (ulimit -u), or use fewer workers',
};

/** A limit of the operating system or of Node.js stands in the way; `cause` is what was said of it. */
export class SystemLimitError extends RingestError {
  readonly code = 'ERR_SYSTEM_LIMIT';
  readonly limit: SystemLimit;

  constructor(limit: SystemLimit, problem: string, cause: unknown) {
    super(`${problem}: ${LIMIT_ADVICE[limit]}`, { cause });
    this.limit = limit;
  }
}
