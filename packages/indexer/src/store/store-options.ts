import type { Logger } from 'pino';
import { InvalidOptionError } from '../errors.js';

/** The smallest value of {@link StoreOptions.maxBytes}. */
export const MIN_STORE_BYTES = 1024 * 1024;

const SEGMENT_BYTES = 64 * 1024 * 1024;

/** A segment ends when it has this part of what the store may hold, or of the time that it may hold it. */
const PARTS = 8;

/** The options of a store. */
export interface StoreOptions {
  /** The folder. It is created if it is missing. One store at a time writes to it. */
  readonly path: string;
  /**
   * Whether the disk is synced before entries count as written. Without it they count as written once the
   * operating system has them: they survive the end of the process, also by `kill -9`, but not a power
   * cut. Default: `false`.
   */
  readonly sync?: boolean | undefined;
  /**
   * The most bytes of all segments, {@link MIN_STORE_BYTES} or more. When there are more, the oldest
   * segments are removed. The newest segment always stays. Default: no limit.
   */
  readonly maxBytes?: number | undefined;
  /**
   * How long entries are kept after they were written, in milliseconds, 1000 or more. Segments are removed
   * as a whole, so entries can stay an eighth longer. Default: no limit.
   */
  readonly maxAge?: number | undefined;
  /** Returns the time in milliseconds since 1970. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** The pino logger of the store. Default: none. */
  readonly logger?: Logger | undefined;
}

/** Options that were checked, with their defaults. */
export interface StoreSettings {
  readonly sync: boolean;
  readonly maxBytes: number;
  readonly maxAge: number;
  /** A segment that has so many bytes gets no further block. */
  readonly segmentBytes: number;
  /** A segment that was begun so many milliseconds ago gets no further block. */
  readonly segmentAge: number;
}

/** @throws {InvalidOptionError} if a value is out of bounds. */
export function checkStoreOptions(options: StoreOptions): StoreSettings {
  const { path, sync = false } = options;
  if (typeof path !== 'string' || path === '') {
    throw new InvalidOptionError('store.path', path, 'give the path of a folder');
  }
  const maxBytes = checkLimit('store.maxBytes', options.maxBytes, MIN_STORE_BYTES);
  const maxAge = checkLimit('store.maxAge', options.maxAge, 1000);
  return {
    ...{ sync, maxBytes, maxAge },
    segmentBytes: Math.min(SEGMENT_BYTES, maxBytes / PARTS),
    segmentAge: maxAge / PARTS,
  };
}

function checkLimit(option: string, value: number | undefined, min: number): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (value >= min) return value;
  throw new InvalidOptionError(option, value, `give a number of ${min} or more`);
}
