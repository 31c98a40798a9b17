import { once } from 'node:events';
import type { ConnectionError, IngestMuxer, LossReason } from '@ringest/core';
import type { LoadOptions } from './load-options.js';

/** Milliseconds; a timer that is longer ends at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Losses that come again at the next attempt. */
const HOPELESS: ReadonlySet<LossReason> = new Set(['authentication', 'certificate']);

/**
 * Looks after a muxer's connections: tells of losses that may be mended, and fails when an indexer
 * refuses the secret or cannot be trusted, or when none has confirmed anything for `timeoutMs`
 * although something was written.
 */
export function watchConnections(
  muxer: IngestMuxer,
  { timeoutMs }: LoadOptions,
  lost: (error: ConnectionError, retryInMs: number) => void,
): { readonly failed: AbortSignal; end(): void } {
  const failed = new AbortController();
  let lastError: ConnectionError | undefined;
  let confirmedBefore = 0;
  muxer.on('lost', (error, retryInMs) => {
    lastError = error;
    if (HOPELESS.has(error.reason)) failed.abort(error);
    else if (!failed.signal.aborted) lost(error, retryInMs);
  });
  const timer = setInterval(
    () => {
      const { confirmedEntries, writtenEntries, backlogEntries } = muxer.stats();
      const isAnyDue = writtenEntries + backlogEntries > confirmedEntries;
      if (confirmedEntries === confirmedBefore && isAnyDue) {
        const reason = lastError === undefined ? '' : `; last problem: ${lastError.message}`;
        failed.abort(new Error(`nothing was confirmed for ${timeoutMs} ms${reason}`));
      }
      confirmedBefore = confirmedEntries;
    },
    Math.min(timeoutMs, LONGEST_TIMER),
  );
  return { failed: failed.signal, end: () => clearInterval(timer) };
}

/** Waits for the first lane, and for the others as long as none of them is in trouble. */
export async function connect(
  muxer: IngestMuxer,
  { timeoutMs }: LoadOptions,
  signal: AbortSignal,
): Promise<void> {
  muxer.start();
  await muxer.waitForHot({ timeout: timeoutMs, signal });
  const deadline = AbortSignal.timeout(Math.min(timeoutMs, LONGEST_TIMER));
  const trouble = new AbortController();
  const onLost = () => trouble.abort();
  muxer.once('lost', onLost);
  const enough = AbortSignal.any([signal, deadline, trouble.signal]);
  while (muxer.dead() > 0 && !enough.aborted) {
    await once(muxer, 'hot', { signal: enough }).catch(() => {});
  }
  muxer.off('lost', onLost);
  signal.throwIfAborted();
}
