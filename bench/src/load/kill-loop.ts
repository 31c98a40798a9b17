import { MAX_TIMER_MS } from '@ringest/core';
import { SeededRandom } from '../shared/random.js';
import { type CacheCounts, NO_COUNTS } from './cache-report.js';
import { IngesterChild } from './ingester-child.js';
import type { IngesterProgress, IngesterSettings } from './ingester-messages.js';
import type { LoadObserver } from './load-observer.js';

/**
 * How long an ingester lives, in times between two kills: from its first write that has resolved, so
 * that each one gets something done,
 */
const SHORTEST = 0.5;
const LONGEST = 1.5;

/** or, one in four, no longer than this from before it opens its cache: that is where kills hurt. */
const LONGEST_EARLY_LIFE = 0.5;
const EARLY = 0.25;

/** When an ingester is to be killed: so many milliseconds from a moment of its life. */
interface Fate {
  readonly from: 'start' | 'first write';
  readonly lifeMs: number;
}

/** What ingesters did that were killed, and the last that was not. */
export interface Lives {
  readonly kills: number;
  /** Entries whose writes had resolved at the last kill. */
  readonly resolvedAtKill: number;
  /** The last report of each ingester. */
  readonly counts: readonly CacheCounts[];
}

/**
 * Runs ingesters, one after the other, and kills them until all entries are written. Each goes on in
 * the same cache, with the first entry whose write had not resolved by the last report of the dead one.
 * @param stop kills the last one, and is thrown
 */
export async function runLives(
  settings: Omit<IngesterSettings, 'from'>,
  observer: LoadObserver,
  stop: AbortSignal,
): Promise<Lives> {
  const { seed, entryCount, killEveryMs } = settings.options;
  const random = new SeededRandom(seed);
  const counts: CacheCounts[] = [];
  const start = performance.now();
  let written = 0;
  observer.started(() => ({
    entries: written,
    elapsedMs: performance.now() - start,
    stats: undefined,
    latency: undefined,
  }));
  const watch = {
    lost: (error: Error, retryInMs: number) => observer.lost(error, retryInMs),
    killed: () => observer.happened('the ingester is killed'),
    progress: (entries: number) => {
      written = entries;
    },
  };
  let from = 0;
  for (;;) {
    const fate = from === entryCount ? undefined : drawFate(random, killEveryMs);
    const { end, progress } = await live({ ...settings, from }, fate, watch, stop);
    counts.push(progress.counts);
    if (end === 'done') return { kills: counts.length - 1, resolvedAtKill: from, counts };
    from = progress.resolved;
  }
}

function drawFate({ uniform }: SeededRandom, killEveryMs: number): Fate {
  if (uniform() < EARLY)
    return { from: 'start', lifeMs: killEveryMs * LONGEST_EARLY_LIFE * uniform() };
  const times = SHORTEST + (LONGEST - SHORTEST) * uniform();
  return { from: 'first write', lifeMs: killEveryMs * times };
}

/** Who is told of one ingester. */
interface Watch {
  lost(error: Error, retryInMs: number): void;
  killed(): void;
  progress(entries: number): void;
}

/** One ingester, which is killed unless it has written everything before, or has no such fate. */
async function live(
  settings: IngesterSettings,
  fate: Fate | undefined,
  watch: Watch,
  stop: AbortSignal,
): Promise<{ end: 'killed' | 'done'; progress: IngesterProgress }> {
  stop.throwIfAborted();
  let progress: IngesterProgress = { resolved: settings.from, counts: NO_COUNTS };
  let timer: NodeJS.Timeout | undefined;
  const beginAt = (moment: Fate['from']) => {
    if (fate?.from !== moment) return;
    timer ??= setTimeout(kill, Math.min(fate.lifeMs, MAX_TIMER_MS));
  };
  const kill = () => {
    watch.killed();
    child.kill();
  };
  const child = new IngesterChild(settings, {
    started: () => beginAt('start'),
    progress(report) {
      progress = report;
      beginAt('first write');
      watch.progress(report.resolved);
      if (report.resolved === settings.options.entryCount) clearTimeout(timer);
    },
    lost: watch.lost,
  });
  const interrupt = () => child.kill();
  stop.addEventListener('abort', interrupt);
  try {
    const end = await child.ended;
    stop.throwIfAborted();
    return { end, progress };
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', interrupt);
  }
}
