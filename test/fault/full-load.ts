import { SeededRandom } from '@ringest/bench/shared';
import type { IngestMuxer } from '@ringest/core';
import { MANY_PATHS, writeBy } from '../support/write-paths.mjs';
import { type FaultEntries, MAX_ENTRIES } from './entries.js';

/** Writes between two late tags. */
const TAG_INTERVAL = 500;
/** Writes after which a producer that never has to wait lets the event loop have its turn. */
const TURN_WRITES = 50;
const MAX_BATCH = 200;
/** An indexer has no numbers for more than some ten thousand. */
const MAX_TAGS = 1000;

/**
 * Writes entries as fast as a muxer takes them, by all ways of writing, with a new tag now and then,
 * until the signal.
 * @returns how many were accepted: the sequence numbers below that
 */
export async function writeFully(
  muxer: IngestMuxer,
  entries: FaultEntries,
  seed: number,
  signal: AbortSignal,
): Promise<number> {
  const random = new SeededRandom(seed);
  let sequence = 0;
  let lateTags = 0;
  for (let write = 1; !signal.aborted && sequence < MAX_ENTRIES - MAX_BATCH; write++) {
    if (write % TAG_INTERVAL === 0 && lateTags < MAX_TAGS) {
      const name = `late-${lateTags++}`;
      entries.addTag(muxer.negotiateTag(name), name, sequence);
    }
    let room: Promise<void> | undefined;
    if (random.uniform() < 0.5) {
      room = muxer.writeEntry(entries.entry(sequence));
      sequence++;
    } else {
      const first = sequence;
      const length = 1 + Math.floor(random.uniform() * MAX_BATCH);
      const path = MANY_PATHS[write % MANY_PATHS.length] ?? 'writeBatch';
      const some = Array.from({ length }, (_, i) => entries.entry(first + i));
      room = writeBy(path, muxer, some);
      sequence += length;
    }
    if (room) await room;
    else if (write % TURN_WRITES === 0) await new Promise(setImmediate);
  }
  return sequence;
}
