import type { SegmentLog } from '../log/segment-log.js';
import type { CacheBlock } from '../messages.js';
import type { SegmentLogSettings } from '../settings.js';
import { type BlockQueue, framesOf } from './block-queue.js';
import type { Duplicates } from './duplicates.js';
import type { SegmentReaders } from './segment-readers.js';

/**
 * Whether there is room for a block. `missing`: the block waits until a segment is removed. `awaited`: it
 * waits for the end of a sync.
 */
export type RoomState = 'there' | 'missing' | 'awaited';

/** The parts that {@link Room} uses. */
export interface RoomParts {
  readonly settings: Pick<SegmentLogSettings, 'maxBytes' | 'whenFull'>;
  readonly log: SegmentLog;
  readonly queue: BlockQueue;
  readonly duplicates: Duplicates;
  readonly readers: SegmentReaders;
  /** Names by muxer tag. */
  readonly tags: readonly string[];
  /** Syncs, and waits for the disk. Throws what the log throws. */
  sync(): void;
  /** Called when a segment was dropped with its entries. */
  dropped(segment: number, entries: number): void;
}

/** The limit of bytes: it removes segments to make room for a block, as far as `whenFull` allows it. */
export class Room {
  /** Whether the limit counts. */
  isLimited = true;
  readonly #parts: RoomParts;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  /** Makes room for a block. Throws what the log throws. */
  make(block: CacheBlock): RoomState {
    const { settings, log, duplicates } = this.#parts;
    const otherwise = this.isLimited ? 'missing' : 'there';
    while (this.#isTooLong(block)) {
      // Duplicates are still in memory, and are not reported as stored.
      const [repeat] = duplicates.whole;
      if (repeat !== undefined) {
        this.remove(repeat);
      } else if (settings.whenFull === 'drop-oldest' && this.isLimited) {
        const state = this.#dropOldest();
        if (state !== 'there') return state;
      } else {
        // A sealed segment can be removed; it may be the only one.
        log.seal();
        return otherwise;
      }
    }
    return 'there';
  }

  /** Removes a segment from the log, and with it blocks that are not stored. Throws what the log throws. */
  remove(segment: number): void {
    const { log, queue, duplicates } = this.#parts;
    log.remove(segment);
    queue.removed(segment);
    duplicates.removed(segment);
  }

  #isTooLong(block: CacheBlock): boolean {
    const { settings, log, tags } = this.#parts;
    const growth = log.growth(framesOf(block), block.count, tags, block.order);
    return log.bytes > 0 && log.bytes + growth > settings.maxBytes;
  }

  /** Drops the oldest segment that is not being read. */
  #dropOldest(): RoomState {
    const { log, queue, readers } = this.#parts;
    const oldest = log.segments().find(({ id }) => !readers.has(id));
    if (oldest === undefined) return 'missing';
    // The main thread waits for blocks that are not stored: they must not be dropped.
    const isUnstored = queue.isIn(oldest.id);
    if (isUnstored && log.isSyncing) return 'awaited';
    if (isUnstored) this.#parts.sync();
    this.remove(oldest.id);
    this.#parts.dropped(oldest.id, oldest.entries);
    return 'there';
  }
}
