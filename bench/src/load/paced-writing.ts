import { setTimeout as delay } from 'node:timers/promises';
import { MAX_TIMER_MS } from '@ringest/core';
import type { LatencyLog } from './latency-log.js';
import type { EntryWriter } from './write-entries.js';

/** Entries that are written between two looks at the clock at most. */
const MAX_TRANCHE = 8192;

export interface PacedWriting {
  readonly writer: EntryWriter;
  readonly latencies: LatencyLog;
  /** How many entries there are. */
  readonly entryCount: number;
  /** Resolves once all that is written by now is confirmed. */
  readonly confirmed: () => Promise<void>;
  /** Ends the writing early. */
  readonly signal: AbortSignal;
  /** Called every now and then with the entry that is next. */
  readonly look: (next: number) => void;
}

/**
 * Writes each entry when it is due, or as soon as possible after that: what finds no room is late,
 * and is not left out. What became due since the last look at the clock, a millisecond ago or more,
 * is written together, and confirmed together as far as is known.
 * @returns the entry after the last that was accepted
 */
export async function writePaced(writing: PacedWriting): Promise<number> {
  const { writer, latencies, entryCount, confirmed, signal, look } = writing;
  const { schedule, start } = latencies;
  const elapsed = () => performance.now() - start;
  let done = 0;
  while (done < entryCount && !signal.aborted) {
    const due = Math.min(schedule.dueBy(elapsed()), entryCount, done + MAX_TRANCHE);
    if (due > done) {
      const from = done;
      done = await writer.write(from, due);
      if (done > from) latencies.add(from, done, confirmed());
    }
    look(done);
    const early = schedule.dueAt(done) - elapsed();
    if (early <= 0) await new Promise(setImmediate);
    else
      await delay(Math.min(Math.max(early, 1), MAX_TIMER_MS), undefined, { signal }).catch(
        () => {},
      );
  }
  return done;
}
