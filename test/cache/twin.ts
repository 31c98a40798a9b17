import { deepEqual, equal, ok } from 'node:assert/strict';
import type { SegmentLog } from '@ringest/cache/internal';

/** A block that was appended, and what is known of it. */
interface Stored {
  readonly segment: number;
  readonly sequence: number;
  readonly count: number;
  readonly frames: Buffer;
  /** Less than it was given when a power cut took the block that names them. */
  tags: readonly (string | undefined)[];
  /** A sync has covered it. */
  isSafe: boolean;
  /** It was removed or taken back, which no sync has covered yet; it may be back after an end. */
  isGone: boolean;
  /** Another run appended it and did not sync it. This one cannot know whether a sync had failed. */
  isUncertain: boolean;
}

/** What a sync covers. */
export interface Covered {
  readonly blocks: ReadonlySet<Stored>;
  /** Blocks that were gone when it began. */
  readonly gone: ReadonlySet<Stored>;
}

/** How the log ended before it was opened again. */
export type Ending = 'process' | 'power';

/** What a log should hold: the simplest thing that does the same, in memory. */
export class Twin {
  #blocks: Stored[] = [];

  appended(block: Pick<Stored, 'segment' | 'sequence' | 'count' | 'frames' | 'tags'>): void {
    this.#blocks.push({ ...block, isSafe: false, isGone: false, isUncertain: false });
  }

  /** What a sync that begins now will have covered. */
  covered(): Covered {
    const gone = new Set(this.#blocks.filter(({ isGone }) => isGone));
    return { blocks: new Set(this.#blocks), gone };
  }

  synced({ blocks, gone } = this.covered()): void {
    this.#blocks = this.#blocks.filter((block) => !gone.has(block));
    for (const block of blocks) block.isSafe ||= !block.isUncertain;
  }

  /** A sync has failed: entries from this sequence on were given up. */
  takenBack(sequence: number): void {
    for (const block of this.#blocks) {
      if (block.isSafe || block.isUncertain || block.sequence < sequence) continue;
      block.isGone = true;
    }
  }

  removed(segment: number): void {
    for (const block of this.#blocks) if (block.segment === segment) block.isGone = true;
  }

  /** The log must hold exactly what it was given. */
  checkRunning(log: SegmentLog): void {
    this.#check(log, ({ isGone }) => !isGone);
  }

  /** What a log holds that was opened after an end, must be there, may be there, and nothing else. */
  checkOpened(log: SegmentLog, ending: Ending): void {
    const mayHave = new Set(this.#blocks);
    const has = this.#check(
      log,
      (block) => !block.isGone && (ending === 'process' || block.isSafe),
      mayHave,
    );
    if (ending === 'power') this.#blocks = [...has];
    for (const block of this.#blocks) {
      block.isGone = !has.has(block);
      block.isSafe ||= ending === 'power';
      block.isUncertain = !block.isSafe;
    }
  }

  #check(
    log: SegmentLog,
    mustHave: (block: Stored) => boolean,
    mayHave: ReadonlySet<Stored> = new Set(),
  ): Set<Stored> {
    const byFrames = new Map(this.#blocks.map((block) => [keyOf(block.frames), block]));
    const has = new Set<Stored>();
    for (const { id, sequence: first, entries } of log.segments()) {
      let last = first - 1;
      let read = 0;
      for (const { frames, count, sequence, tags } of log.read(id)) {
        const where = `the block ${id}/${sequence}`;
        const stored = byFrames.get(keyOf(frames));
        ok(stored !== undefined, `${where} was never appended, or is gone for good`);
        ok(mustHave(stored) || mayHave.has(stored), `${where} was given up`);
        ok(!has.has(stored), `${where} is there twice`);
        if (!stored.isSafe && mayHave.has(stored)) {
          stored.tags = tags.map((tag, at) => tag && stored.tags[at]);
        }
        const known = [stored.segment, stored.sequence, stored.count, ...stored.tags];
        deepEqual([id, sequence, count, ...tags], known);
        ok(sequence > last, `${where} is out of order`);
        has.add(stored);
        last = sequence;
        read += count;
      }
      equal(entries, read, `segment ${id} says that it has ${entries} entries, and has ${read}`);
    }
    const sums = log
      .segments()
      .reduce(
        (sum, { bytes, entries }) => ({ bytes: sum.bytes + bytes, entries: sum.entries + entries }),
        { bytes: 0, entries: 0 },
      );
    deepEqual({ bytes: log.bytes, entries: log.entries }, sums);
    const isMissing = (block: Stored) => mustHave(block) && !has.has(block);
    const missing = this.#blocks.filter(isMissing);
    deepEqual(
      missing.map(({ segment, sequence }) => `${segment}/${sequence}`),
      [],
    );
    return has;
  }
}

function keyOf(frames: Buffer): string {
  return frames.toString('latin1');
}
