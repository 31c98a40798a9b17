import type { Disk } from '../disk/disk.js';
import { toProblem } from '../disk/disk-problem.js';
import { CacheError, CacheSyncError, UnknownSegmentError } from '../errors.js';
import type { SegmentInfo } from '../log/segment-list.js';
import { SegmentLog } from '../log/segment-log.js';
import type { CacheBlock, CacheSettings, CacheTask, FromCache, ToCache } from '../messages.js';
import { BlockQueue, type Waiting } from './block-queue.js';
import { ChangeReporter } from './change-reporter.js';
import { Duplicates } from './duplicates.js';
import { SegmentReaders } from './segment-readers.js';
import { type Clock, SyncSchedule } from './sync-schedule.js';

/** Milliseconds before a disk that takes nothing is tried again. */
export const RETRY_MS = 500;

/** What the worker needs of its surroundings. */
export interface CacheSurroundings extends Clock {
  readonly disk: Disk;
  /** Says something to the main thread. */
  post(message: FromCache, transfer?: ArrayBuffer[]): void;
  /** The worker is closed. */
  ended(): void;
}

type Options = CacheSettings & Pick<CacheTask, 'tags' | 'resume'>;

/** Blocks up to a key, and the sequence of the entry after them. */
type Reach = Pick<Extract<FromCache, { kind: 'stored' }>, 'key' | 'sequence'>;

/** Whether a block can be appended: what it waits for otherwise is a removal, or the end of a sync. */
type Room = 'there' | 'missing' | 'awaited';

/**
 * Appends blocks in the order in which they come, also while the disk syncs what came before, and
 * tells when they are stored. What the disk does not take waits, in the main thread's memory, and is
 * tried again.
 */
export class CacheWorker {
  readonly #options: Options;
  readonly #around: CacheSurroundings;
  readonly #log: SegmentLog;
  readonly #repeats: Duplicates;
  readonly #readings: SegmentReaders;
  readonly #tags: string[];
  readonly #queue = new BlockQueue();
  readonly #removals = new Set<number>();
  readonly #teller: ChangeReporter;
  readonly #syncs: SyncSchedule;
  #isInTrouble = false;
  #isLimited = true;
  #isClosing = false;
  #callRetryOff: (() => void) | undefined;

  /** @throws {CacheOpenError} when the folder cannot be used */
  constructor(options: Options, around: CacheSurroundings) {
    const { muxer, maxSegmentBytes, tags, resume } = options;
    this.#options = options;
    this.#around = around;
    this.#tags = [...tags];
    const after = resume?.after ?? { segment: 0, sequence: 0 };
    this.#log = SegmentLog.open(around.disk, { muxer, maxSegmentBytes, now: Date.now, after });
    this.#repeats = new Duplicates(resume, this.#log.segments());
    this.#readings = new SegmentReaders(this.#log, this.#repeats);
    this.#teller = new ChangeReporter(this.#log, this.#repeats, (message) => around.post(message));
    this.#syncs = new SyncSchedule(options.sync, this.#log, around, () => this.#beginSync());
    this.#teller.opened();
    if (resume !== undefined) this.#forgetRepeats(0);
    // The log looks again at what it has cut off and set aside.
    this.#syncs.soon();
  }

  hear(message: ToCache): void {
    if (this.#isClosing) return;
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
      case 'limit':
        this.#isLimited = message.isLimited;
        if (!this.#isInTrouble) this.#attempt(() => this.#appendAll());
        break;
      case 'sync':
        if (!this.#isInTrouble) this.#syncs.now();
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
        this.#isClosing = true;
        this.#syncs.whenOver(() => this.#close());
        return;
    }
    this.#teller.changes();
  }

  /** Appends what waits, as far as there is room. Throws what the log throws. */
  #appendAll(): void {
    let room: Room = 'there';
    for (let { next } = this.#queue; next !== undefined; next = this.#queue.next) {
      if (next === 'seal' || next.isRemoved) {
        this.#skip(next);
        continue;
      }
      room = this.#roomFor(next.block);
      if (room !== 'there') break;
      this.#append(next.block);
    }
    this.#teller.full(room === 'missing');
    if (this.#queue.lastAppended !== undefined) this.#syncs.soon();
  }

  #append(block: CacheBlock): void {
    if (block.isFirst) this.#log.seal();
    const place = this.#log.append(framesOf(block), block.count, this.#tags, block.order);
    this.#queue.appended(place);
    const nextSequence = place.sequence + block.count;
    this.#post({ kind: 'appended', key: block.key, ...place, nextSequence });
    if (this.#options.sync === 'never') this.#stored(this.#appended());
  }

  /** A seal; or a block that is removed, which only keeps its place. */
  #skip(next: Waiting): void {
    if (next === 'seal') this.#log.seal();
    this.#queue.appended({ segment: 0, sequence: this.#log.nextSequence });
  }

  /** Makes room as it is allowed to. Throws what the log throws. */
  #roomFor(block: CacheBlock): Room {
    const { maxBytes, whenFull } = this.#options;
    const isTooLong = () => {
      const growth = this.#log.growth(framesOf(block), block.count, this.#tags, block.order);
      return this.#log.bytes > 0 && this.#log.bytes + growth > maxBytes;
    };
    const isLimited = this.#isLimited && !this.#isClosing;
    const otherwise = isLimited ? 'missing' : 'there';
    while (isTooLong()) {
      // What is repeated is in memory, and is not stored yet as far as anybody knows.
      const [repeat] = this.#repeats.whole;
      if (repeat !== undefined) {
        this.#removeFromLog(repeat);
      } else if (whenFull === 'drop-oldest' && isLimited) {
        const oldest = this.#log.segments().find(({ id }) => !this.#readings.has(id));
        if (oldest === undefined) return otherwise;
        // So that nothing is dropped that the main thread would wait for.
        const isUnstored = this.#queue.isIn(oldest.id);
        if (isUnstored && this.#log.isSyncing) return 'awaited';
        if (isUnstored) this.#sync();
        this.#drop(oldest);
      } else {
        // So that what it has can be removed: it may be all that there is.
        this.#log.seal();
        return otherwise;
      }
    }
    return 'there';
  }

  #drop({ id, entries }: SegmentInfo): void {
    this.#removeFromLog(id);
    this.#post({ kind: 'dropped', segment: id, entries });
  }

  /** In trouble, what is tried again syncs too. */
  #beginSync(): void {
    if (this.#isInTrouble) return;
    const reach = this.#appended();
    this.#log.beginSync((error) => {
      this.#attempt(() => {
        if (error !== undefined) this.#takeBack(error);
        this.#stored(reach);
        if (!this.#isInTrouble) this.#appendAll();
      });
      this.#teller.changes();
      this.#syncs.ended();
    });
  }

  /** Throws what the log throws; what it has taken out then waits again. */
  #sync(): void {
    this.#syncs.callOff();
    if (this.#options.sync === 'never') return;
    try {
      this.#log.sync();
    } catch (error) {
      if (error instanceof CacheSyncError) this.#takeBack(error);
      throw error;
    }
    this.#stored(this.#appended());
  }

  /** What the log has taken out waits again. Throws the error. */
  #takeBack(error: CacheSyncError): never {
    const { sequence } = error;
    const key = sequence === undefined ? undefined : this.#queue.takeBack(sequence);
    if (key !== undefined) this.#post({ kind: 'takenBack', key });
    throw error;
  }

  /** All that is in the log, and not stored; `undefined`: nothing. */
  #appended(): Reach | undefined {
    const key = this.#queue.lastAppended;
    return key === undefined ? undefined : { key, sequence: this.#log.nextSequence };
  }

  #stored(reach: Reach | undefined): void {
    if (reach === undefined) return;
    this.#queue.stored(reach.key);
    this.#post({ kind: 'stored', ...reach });
    this.#forgetRepeats(reach.key);
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
      this.#syncs.soon();
    }
  }

  #removeFromLog(segment: number): void {
    this.#log.remove(segment);
    this.#queue.removed(segment);
    this.#repeats.removed(segment);
  }

  #close(): void {
    this.#callRetryOff?.();
    this.#syncs.callOff();
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
      // Closing tries again, and tells what remains.
      if (this.#isClosing) return false;
      this.#teller.trouble(error);
      this.#isInTrouble = true;
      // What is confirmed can be removed then, which may be what the disk needs.
      this.#log.seal();
      this.#retrySoon(RETRY_MS);
      return false;
    }
  }

  #retrySoon(delay: number): void {
    this.#callRetryOff?.();
    this.#callRetryOff = this.#around.after(delay, () => {
      this.#callRetryOff = undefined;
      this.#syncs.whenOver(() => this.#retry());
    });
  }

  #retry(): void {
    if (!this.#isInTrouble || this.#isClosing) return;
    const isOver = this.#attempt(() => {
      this.#forgetRemoved();
      this.#appendAll();
      this.#sync();
      this.#forgetRemoved();
    });
    if (isOver) this.#teller.trouble(undefined);
    this.#isInTrouble = !isOver;
    this.#teller.changes();
  }

  #post(message: FromCache): void {
    this.#around.post(message);
  }
}

function framesOf({ memory, offset, bytes }: CacheBlock): Uint8Array {
  return new Uint8Array(memory, offset, bytes);
}
