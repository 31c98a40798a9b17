import { BlockQueue, type Waiting } from './block-queue.js';
import type { CacheBlock, CacheSettings, CacheTask, FromCache, ToCache } from './cache-boundary.js';
import { toProblem } from './cache-problem.js';
import { CacheTeller } from './cache-teller.js';
import type { Disk } from './disk.js';
import { CacheError, CacheSyncError, UnknownSegmentError } from './errors.js';
import { Readings } from './readings.js';
import { Repeats } from './repeats.js';
import type { SegmentInfo } from './segment-list.js';
import { SegmentLog } from './segment-log.js';

/** Milliseconds before a disk that takes nothing is tried again. */
export const RETRY_MS = 500;

/** What the worker needs of its surroundings. */
export interface CacheSurroundings {
  readonly disk: Disk;
  /** Says something to the main thread. */
  post(message: FromCache, transfer?: ArrayBuffer[]): void;
  /** Calls after so many milliseconds, 0: after all that has come in. What it gives calls that off. */
  after(milliseconds: number, action: () => void): () => void;
  /** The worker is closed. */
  ended(): void;
}

type Options = CacheSettings & Pick<CacheTask, 'tags' | 'resume'>;

/**
 * Appends blocks in the order in which they come, and tells when they are stored. What the disk does
 * not take waits, in the main thread's memory, and is tried again.
 */
export class CacheWorker {
  readonly #options: Options;
  readonly #around: CacheSurroundings;
  readonly #log: SegmentLog;
  readonly #repeats: Repeats;
  readonly #readings: Readings;
  readonly #tags: string[];
  readonly #queue = new BlockQueue();
  readonly #removals = new Set<number>();
  readonly #teller: CacheTeller;
  #isInTrouble = false;
  #isClosing = false;
  #callSyncOff: (() => void) | undefined;
  #callRetryOff: (() => void) | undefined;

  /** @throws {CacheOpenError} when the folder cannot be used */
  constructor(options: Options, around: CacheSurroundings) {
    const { muxer, maxSegmentBytes, tags, resume } = options;
    this.#options = options;
    this.#around = around;
    this.#tags = [...tags];
    const after = resume?.after ?? { segment: 0, sequence: 0 };
    this.#log = SegmentLog.open(around.disk, { muxer, maxSegmentBytes, now: Date.now, after });
    this.#repeats = new Repeats(resume, this.#log.segments());
    this.#readings = new Readings(this.#log, this.#repeats);
    this.#teller = new CacheTeller(this.#log, this.#repeats, (message) => around.post(message));
    this.#teller.opened();
    if (resume !== undefined) this.#forgetRepeats(0);
    // The log looks again at what it has cut off and set aside.
    this.#syncSoon();
  }

  hear(message: ToCache): void {
    switch (message.kind) {
      case 'tags':
        this.#tags.push(...message.names);
        break;
      case 'append':
        this.#queue.add(message.block);
        if (!this.#isInTrouble) this.#attempt(() => this.#appendAll());
        break;
      case 'seal':
        this.#queue.addSeal();
        if (!this.#isInTrouble) this.#attempt(() => this.#appendAll());
        break;
      case 'read':
        this.#read(message.segment, message.from);
        break;
      case 'stop':
        this.#readings.stop(message.segment);
        // It may be dropped now.
        if (!this.#isInTrouble) this.#attempt(() => this.#appendAll());
        break;
      case 'remove':
        this.#readings.stop(message.segment);
        this.#removals.add(message.segment);
        this.#remove();
        break;
      case 'close':
        this.#close();
        return;
    }
    this.#teller.changes();
  }

  /** Appends what waits, as far as there is room. Throws what the log throws. */
  #appendAll(): void {
    for (let { next } = this.#queue; next !== undefined; next = this.#queue.next) {
      if (next === 'seal' || next.isRemoved) this.#skip(next);
      else if (this.#hasRoom(next.block)) this.#append(next.block);
      else break;
    }
    this.#teller.full(this.#queue.next !== undefined);
    if (this.#queue.hasAppended) this.#syncSoon();
  }

  #append(block: CacheBlock): void {
    const place = this.#log.append(framesOf(block), block.count, this.#tags);
    this.#queue.appended(place);
    const nextSequence = place.sequence + block.count;
    this.#post({ kind: 'appended', key: block.key, ...place, nextSequence });
    if (this.#options.sync === 'never') this.#stored();
  }

  /** A seal; or a block that is removed, which only keeps its place. */
  #skip(next: Waiting): void {
    if (next === 'seal') this.#log.seal();
    this.#queue.appended({ segment: 0, sequence: this.#log.nextSequence });
  }

  /** Makes room as it is allowed to. Throws what the log throws. */
  #hasRoom(block: CacheBlock): boolean {
    const { maxBytes, whenFull } = this.#options;
    const isTooLong = () => {
      const growth = this.#log.growth(framesOf(block), block.count, this.#tags);
      return this.#log.bytes > 0 && this.#log.bytes + growth > maxBytes;
    };
    while (isTooLong()) {
      // What is repeated is in memory, and is not stored yet as far as anybody knows.
      const [repeat] = this.#repeats.whole;
      if (repeat !== undefined) {
        this.#removeFromLog(repeat);
      } else if (whenFull === 'drop-oldest') {
        const oldest = this.#log.segments().find(({ id }) => !this.#readings.has(id));
        if (oldest === undefined) return this.#isClosing;
        this.#drop(oldest);
      } else {
        return this.#isClosing;
      }
    }
    return true;
  }

  #drop({ id, entries }: SegmentInfo): void {
    // So that nothing is dropped that the main thread would wait for.
    if (this.#queue.isIn(id)) this.#sync();
    this.#removeFromLog(id);
    this.#post({ kind: 'dropped', segment: id, entries });
  }

  #syncSoon(): void {
    const { sync } = this.#options;
    if (sync === 'never' || this.#callSyncOff !== undefined || this.#isClosing) return;
    const delay = sync === 'always' ? 0 : sync.everyMs;
    this.#callSyncOff = this.#around.after(delay, () => {
      this.#callSyncOff = undefined;
      if (this.#isInTrouble) return;
      this.#attempt(() => this.#sync());
      this.#teller.changes();
    });
  }

  /** Throws what the log throws; what it has taken out then waits again. */
  #sync(): void {
    this.#callSyncOff?.();
    this.#callSyncOff = undefined;
    if (this.#options.sync === 'never') return;
    try {
      this.#log.sync();
    } catch (error) {
      if (error instanceof CacheSyncError && error.sequence !== undefined) {
        this.#takeBack(error.sequence);
      }
      throw error;
    }
    this.#stored();
  }

  #takeBack(sequence: number): void {
    const key = this.#queue.takeBack(sequence);
    if (key !== undefined) this.#post({ kind: 'takenBack', key });
  }

  #stored(): void {
    const key = this.#queue.stored();
    if (key === undefined) return;
    this.#post({ kind: 'stored', key, sequence: this.#log.nextSequence });
    this.#forgetRepeats(key);
  }

  /** Has segments removed that are of no use any more. */
  #forgetRepeats(storedKey: number): void {
    if (this.#repeats.whole.size === 0 || !this.#repeats.areStored(storedKey)) return;
    for (const segment of this.#repeats.whole) this.#removals.add(segment);
    this.#around.after(0, () => {
      if (this.#isClosing) return;
      this.#remove();
      this.#teller.changes();
    });
  }

  #read(segment: number, from: number): void {
    const isNew = !this.#readings.has(segment);
    if (isNew && this.#log.segments().at(-1)?.id === segment) this.#log.seal();
    try {
      const { blocks, isLast } = this.#readings.next(segment, from);
      this.#teller.damage();
      const transfer = blocks.map(({ frames }) => frames.buffer);
      this.#around.post({ kind: 'blocks', segment, blocks, isLast }, transfer);
    } catch (error) {
      this.#post({ kind: 'unreadable', segment, problem: toProblem(error) });
    }
  }

  /** Removes what is to be removed. That may be what makes the disk take something again. */
  #remove(): void {
    const before = this.#removals.size;
    this.#attempt(() => this.#forgetRemoved());
    if (this.#isInTrouble && this.#removals.size < before) this.#retrySoon(0);
    if (!this.#isInTrouble) this.#attempt(() => this.#appendAll());
  }

  /** Throws what the log throws. */
  #forgetRemoved(): void {
    for (const segment of this.#removals) {
      try {
        this.#removeFromLog(segment);
      } catch (error) {
        if (!(error instanceof UnknownSegmentError)) throw error;
      }
      this.#removals.delete(segment);
      // Who hears that it is removed, knows already what is left.
      this.#teller.changes();
      this.#post({ kind: 'removed', segment });
      this.#syncSoon();
    }
  }

  #removeFromLog(segment: number): void {
    this.#log.remove(segment);
    this.#queue.removed(segment);
    this.#repeats.removed(segment);
  }

  #close(): void {
    this.#isClosing = true;
    this.#callRetryOff?.();
    this.#callSyncOff?.();
    // The second time for what a sync that failed has taken out.
    const problem = this.#tryAll() && this.#tryAll();
    this.#teller.changes();
    this.#log.close();
    this.#post({ kind: 'closed', problem: problem === undefined ? undefined : toProblem(problem) });
    this.#around.ended();
  }

  /** @returns why not everything is on the disk, if it is not */
  #tryAll(): CacheError | undefined {
    try {
      this.#forgetRemoved();
      this.#appendAll();
      if (this.#options.sync === 'never') this.#log.syncAsItIs();
      else this.#sync();
      this.#forgetRemoved();
      return undefined;
    } catch (error) {
      if (!(error instanceof CacheError)) throw error;
      return error;
    }
  }

  /** @returns whether it worked; if not, the main thread is told, and it is tried again */
  #attempt(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      if (!(error instanceof CacheError)) throw error;
      this.#teller.trouble(error);
      this.#isInTrouble = true;
      this.#retrySoon(RETRY_MS);
      return false;
    }
  }

  #retrySoon(delay: number): void {
    this.#callRetryOff?.();
    this.#callRetryOff = this.#around.after(delay, () => {
      this.#callRetryOff = undefined;
      const isOver = this.#attempt(() => {
        this.#forgetRemoved();
        this.#appendAll();
        this.#sync();
        this.#forgetRemoved();
      });
      if (isOver) this.#teller.trouble(undefined);
      this.#isInTrouble = !isOver;
      this.#teller.changes();
    });
  }

  #post(message: FromCache): void {
    this.#around.post(message);
  }
}

function framesOf({ memory, offset, bytes }: CacheBlock): Uint8Array {
  return new Uint8Array(memory, offset, bytes);
}
