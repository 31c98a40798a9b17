import { RingestError } from '@ringest/codec';
import type { LossReason } from './endpoint.js';
import type { LossMessage } from './messages.js';

/** A ring size that is not a power of two from 64 KiB to 1 GiB. */
export class RingSizeError extends RingestError {
  readonly code = 'ERR_RING_SIZE';
  /** The size that was given, in bytes. */
  readonly ringBytes: number;

  constructor(ringBytes: number) {
    super(`a ring cannot have ${ringBytes} bytes: use a power of two from 65536 to 1073741824`);
    this.ringBytes = ringBytes;
  }
}

/** A ring holds bytes that are not a record: something in this process has overwritten its memory. */
export class RingCorruptError extends RingestError {
  readonly code = 'ERR_RING_CORRUPT';

  constructor(word: number, cursor: number) {
    super(
      `the ring holds 0x${(word >>> 0).toString(16)} at ${cursor >>> 0}, which does not start a record: ` +
        'its memory was overwritten; close the muxer and start a new one',
    );
  }
}

/** A connection to an indexer failed or was lost. */
export class ConnectionError extends RingestError {
  readonly code = 'ERR_CONNECTION';
  /** The address of the target. */
  readonly target: string;
  /** Why the connection failed or was lost. */
  readonly reason: LossReason;

  constructor(target: string, loss: LossMessage, options?: ErrorOptions) {
    super(`${target}: ${loss.message}`, options);
    this.target = target;
    this.reason = loss.reason;
  }
}

/** A limit of the system: address space, memory, the heap of a thread, open files, or threads. */
export type SystemLimit = 'addressSpace' | 'memory' | 'heap' | 'files' | 'threads';

const LIMIT_ADVICE: Readonly<Record<SystemLimit, string>> = {
  addressSpace:
    'WebAssembly reserves about 10.5 GB of address space for each lane: raise the limit (ulimit -v), ' +
    'start node with --disable-wasm-trap-handler, which reserves only what is used, or use fewer lanes',
  memory: 'give the process more memory, or write smaller entries',
  heap: 'start node with a larger --max-old-space-size, or use more workers with fewer lanes each',
  files: 'raise the limit of open files (ulimit -n), or use fewer targets, lanes or workers',
  threads: 'raise the limit of threads (ulimit -u), or use fewer workers',
};

/** A limit of the operating system or of Node.js was reached; `cause` is the error that reported it. */
export class SystemLimitError extends RingestError {
  readonly code = 'ERR_SYSTEM_LIMIT';
  /** Which limit was reached. */
  readonly limit: SystemLimit;

  constructor(limit: SystemLimit, problem: string, cause: unknown) {
    super(`${problem}: ${LIMIT_ADVICE[limit]}`, { cause });
    this.limit = limit;
  }
}
