import { setTimeout as delay } from 'node:timers/promises';
import { BacklogFullError } from '../errors.js';

/** How long to wait before another attempt. The event `drain` does not come when the muxer closes. */
const RETRY_MS = 10;

/**
 * Writes once the backlog has room: other streams and producers may have filled it. A write that is refused for
 * that has written nothing.
 */
export function whenRoom(
  write: () => Promise<void> | undefined,
  signal: AbortSignal,
): Promise<void> | undefined {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof BacklogFullError)) throw error;
    return delay(RETRY_MS, undefined, { signal }).then(() => whenRoom(write, signal));
  }
}
