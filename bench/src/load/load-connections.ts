import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ConnectionError,
  type IngestMuxer,
  type LossReason,
  MAX_TIMER_MS,
} from '@ringest/core';
import { segmentBytes } from './cache-folder.js';
import type { LoadObserver } from './load-observer.js';
import type { LoadOptions } from './load-options.js';

/** How often a cache is looked at, in milliseconds. */
const LOOK_MS = 20;

/** Losses that come again at the next attempt. */
const HOPELESS: ReadonlySet<LossReason> = new Set(['authentication', 'certificate']);

/**
 * Looks after a muxer's connections: tells of losses that may be mended, and fails when an indexer
 * refuses the secret or cannot be trusted, or when none has confirmed anything for `timeoutMs`
 * although something was written; or taken by the cache, where there is one.
 */
export function watchConnections(
  muxer: IngestMuxer,
  { timeoutMs }: LoadOptions,
  observer: Pick<LoadObserver, 'lost'>,
): { readonly failed: AbortSignal; end(): void } {
  const failed = new AbortController();
  let lastError: ConnectionError | undefined;
  let before = { confirmed: 0, cached: 0 };
  muxer.on('lost', (error, retryInMs) => {
    lastError = error;
    if (HOPELESS.has(error.reason)) failed.abort(error);
    else if (!failed.signal.aborted) observer.lost(error, retryInMs);
  });
  const timer = setInterval(
    () => {
      const { confirmedEntries: confirmed, cache, ...stats } = muxer.stats();
      const cached = cache?.pendingEntries ?? 0;
      const isStill = confirmed === before.confirmed && cached === before.cached;
      if (isStill && stats.writtenEntries + stats.backlogEntries + cached > confirmed) {
        const reason = lastError === undefined ? '' : `; last problem: ${lastError.message}`;
        failed.abort(new Error(`nothing was confirmed for ${timeoutMs} ms${reason}`));
      }
      before = { confirmed, cached };
    },
    Math.min(timeoutMs, MAX_TIMER_MS),
  );
  return { failed: failed.signal, end: () => clearInterval(timer) };
}

/**
 * Waits for the first lane, and for the others as long as none of them is in trouble. Where there is
 * a cache, somebody else's indexer may be away.
 */
export async function connect(
  muxer: IngestMuxer,
  { timeoutMs, cache, targets }: LoadOptions,
  signal: AbortSignal,
): Promise<void> {
  muxer.start();
  if (cache !== undefined && targets.length > 0) return;
  await muxer.waitForHot({ timeout: timeoutMs, signal });
  const deadline = AbortSignal.timeout(Math.min(timeoutMs, MAX_TIMER_MS));
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

/**
 * Waits until all that was written is confirmed, and all that the cache in a folder had before: it
 * is known once the muxer has read the folder, which may be after everything else is done.
 */
export async function confirmAll(
  muxer: IngestMuxer,
  cachePath: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  await muxer.sync({ signal });
  if (cachePath === undefined) return;
  const isAnyLeft = () => {
    const { bytes = 0, pendingEntries = 0 } = muxer.stats().cache ?? {};
    return pendingEntries > 0 || (bytes === 0 && segmentBytes(cachePath) > 0);
  };
  while (isAnyLeft()) {
    await delay(LOOK_MS);
    signal.throwIfAborted();
    await muxer.sync({ signal });
  }
}
