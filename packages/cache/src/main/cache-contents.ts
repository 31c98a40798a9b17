import { toError } from '../disk/disk-problem.js';
import type { CacheFindings, CacheSegment, FromCache, Resume, ToCache } from '../messages.js';
import type { CacheEvents } from './cache-events.js';
import type { CacheReader } from './cache-reader.js';
import { PendingRemovals } from './pending-removals.js';
import { ResumePoint } from './resume-point.js';
import { UnsyncedBlocks } from './unsynced-blocks.js';

/**
 * What the main thread knows about the contents of the cache: segments, blocks that are not stored, and
 * what was asked for. It outlives the thread of the cache: `resume` and `messages` have what the next
 * thread needs.
 */
export class CacheContents {
  readonly unsynced = new UnsyncedBlocks();
  readonly removals = new PendingRemovals();
  readonly readers = new Map<number, CacheReader>();
  /** Whether `maxBytes` counts. */
  isLimited = true;
  /** Blocks up to this key are to be stored at once. */
  syncKey = 0;
  readonly #path: string;
  readonly #events: CacheEvents;
  readonly #resumePoint = new ResumePoint();
  #findings: CacheFindings | undefined;
  #segments: readonly CacheSegment[] = [];
  #bytes = 0;
  #entries = 0;
  #isFull = false;

  constructor(path: string, events: CacheEvents) {
    this.#path = path;
    this.#events = events;
  }

  /** What the first thread found; `undefined`: no thread has opened the cache yet. */
  get findings(): CacheFindings | undefined {
    return this.#findings;
  }

  get segments(): readonly CacheSegment[] {
    return this.#segments;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries in all segments. */
  get entries(): number {
    return this.#entries;
  }

  /** Whether blocks wait because the cache has reached `maxBytes`. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Whether blocks are still appended to a segment. */
  isActive(segment: number): boolean {
    const known = this.#segments.find(({ id }) => id === segment);
    return known?.isSealed === false || this.#resumePoint.isNew(segment);
  }

  /** Whether a segment was removed, or never existed. False as long as no thread has opened the cache. */
  isGone(segment: number): boolean {
    return this.#findings !== undefined && !this.#segments.some(({ id }) => id === segment);
  }

  /** A thread has opened the cache. */
  opened({ findings, sequence, repeats }: Extract<FromCache, { kind: 'opened' }>): void {
    this.#resumePoint.opened(sequence, repeats);
    if (this.#findings !== undefined) return;
    this.#findings = findings;
    this.#events.found?.(this.#segments);
  }

  /** What the next thread needs in order to open the cache; `undefined`: it is the first. */
  resume(): Resume | undefined {
    if (this.#findings === undefined) return undefined;
    return this.#resumePoint.toResume(this.unsynced.lastKey ?? 0);
  }

  /**
   * What a thread that has opened the cache has to do, in this order.
   * @param syncs whether all blocks are to be stored at once
   */
  *messages(syncs: boolean): IterableIterator<ToCache> {
    if (!this.isLimited) yield { kind: 'limit', isLimited: false };
    for (const segment of this.removals) yield { kind: 'remove', segment };
    for (const { request } of this.readers.values()) if (request !== undefined) yield request;
    yield* this.unsynced.messages();
    const { firstKey } = this.unsynced;
    if (firstKey !== undefined && (syncs || firstKey <= this.syncKey)) yield { kind: 'sync' };
  }

  /** The thread died. Blocks that are not stored are in no segment any more. */
  died(): void {
    this.#isFull = false;
    this.#takeBack(0);
  }

  /** Applies a message of the thread about the contents, and passes it on as an event. */
  handle(message: FromCache): void {
    const events = this.#events;
    switch (message.kind) {
      case 'appended': {
        const { key, segment, sequence, nextSequence } = message;
        this.#resumePoint.appended(segment, nextSequence);
        this.unsynced.place(key, segment);
        events.placed?.(key, { segment, sequence });
        break;
      }
      case 'takenBack':
        this.#takeBack(message.key);
        break;
      case 'stored':
        this.#resumePoint.stored(message.sequence);
        for (const block of this.unsynced.takeThrough(message.key)) events.stored(block);
        break;
      case 'segments':
        this.#segments = message.segments;
        this.#resumePoint.listed(message.segments);
        if (this.#findings !== undefined) events.segments?.(message.segments);
        break;
      case 'size':
        this.#bytes = message.bytes;
        this.#entries = message.entries;
        break;
      case 'blocks':
        this.readers.get(message.segment)?.give(message);
        break;
      case 'unreadable':
        this.readers.get(message.segment)?.fail(toError(this.#path, message.problem));
        break;
      case 'removed':
        this.#forget(message.segment);
        for (const block of this.unsynced.takeSegment(message.segment)) events.stored(block);
        this.removals.removed(message.segment);
        break;
      case 'dropped': {
        const { kind: _, ...dropped } = message;
        this.#forget(message.segment);
        events.dropped?.(dropped);
        break;
      }
      case 'damaged': {
        const { kind: _, ...damaged } = message;
        events.damaged?.(damaged);
        break;
      }
      case 'full':
        this.#isFull = message.isFull;
        events.full?.(message.isFull);
        break;
    }
  }

  #takeBack(from: number): void {
    for (const key of this.unsynced.takeBack(from)) this.#events.placed?.(key, undefined);
  }

  #forget(segment: number): void {
    this.#segments = this.#segments.filter(({ id }) => id !== segment);
  }
}
