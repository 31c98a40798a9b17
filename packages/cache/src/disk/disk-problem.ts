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
  /** `undefined`: it has none to do with. */
  readonly segment: number | undefined;
  readonly sequence: number | undefined;
  /** What the system said. */
  readonly cause: { readonly message: string; readonly code?: string; readonly syscall?: string };
}

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

/** The error that it was in the other thread; what is none of ours becomes one of opening. */
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
