import { isError, messageOf, RingestError } from '@ringest/codec';
import {
  CacheError,
  CacheOpenError,
  CacheReadError,
  CacheSyncError,
  CacheWriteError,
  UnknownSegmentError,
} from '../errors.js';

/** An error on its way between threads, where classes do not survive. */
export interface SerializedError {
  readonly code: string;
  readonly message: string;
  /** See `CacheError.what`. */
  readonly what: string;
  /** The number of the segment; `undefined`: the error concerns none. */
  readonly segment: number | undefined;
  /** See `CacheSyncError.sequence`. */
  readonly sequence: number | undefined;
  /** The error of the system. */
  readonly cause: { readonly message: string; readonly code?: string; readonly syscall?: string };
}

/** Makes a message of an error. `toError` makes the error again in the other thread. */
export function toProblem(error: unknown): SerializedError {
  const cause = error instanceof CacheError ? error.cause : error;
  return {
    code: error instanceof RingestError ? error.code : 'ERR_CACHE',
    message: messageOf(error),
    what: error instanceof CacheError ? error.what : 'failed',
    segment:
      error instanceof CacheReadError || error instanceof UnknownSegmentError
        ? error.segment
        : undefined,
    sequence: error instanceof CacheSyncError ? error.sequence : undefined,
    cause: { message: messageOf(cause), ...textsOf(cause) },
  };
}

/** Makes an error of a message. An error that is not one of the cache's becomes a `CacheOpenError`. */
export function toError(path: string, problem: SerializedError): RingestError {
  const { code, what, segment = 0, sequence } = problem;
  const { message, ...texts } = problem.cause;
  const cause = Object.assign(new Error(message), texts);
  switch (code) {
    case 'ERR_CACHE_WRITE':
      return new CacheWriteError(path, what, cause);
    case 'ERR_CACHE_SYNC':
      return new CacheSyncError(path, sequence, cause);
    case 'ERR_CACHE_READ':
      return new CacheReadError(path, segment, cause);
    case 'ERR_UNKNOWN_SEGMENT':
      return new UnknownSegmentError(segment);
    default:
      return new CacheOpenError(path, cause);
  }
}

function textsOf(cause: unknown): { code?: string; syscall?: string } {
  if (!isError(cause)) return {};
  const { code, syscall } = cause as NodeJS.ErrnoException;
  return { ...(code && { code }), ...(syscall && { syscall }) };
}
