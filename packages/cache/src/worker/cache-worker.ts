import type { Disk } from '../disk/disk.js';
import { toProblem } from '../disk/disk-problem.js';
import { CacheError, CacheSyncError, UnknownSegmentError } from '../errors.js';
import { SegmentLog } from '../log/segment-log.js';
import type { CacheBlock, CacheTask, FromCache, ToCache } from '../messages.js';
import type { SegmentLogSettings } from '../settings.js';
import { BlockQueue, framesOf, type Waiting } from './block-queue.js';
import { ChangeReporter } from './change-reporter.js';
import { DiskRetry } from './disk-retry.js';
import { Duplicates } from './duplicates.js';
import { Room, type RoomState } from './room.js';
import { SegmentReaders } from './segment-readers.js';
import { type Clock, SyncSchedule } from './sync-schedule.js';

/** The surroundings of a cache worker: the disk, the main thread and the clock. */
export interface CacheWorkerHost extends Clock {
  readonly disk: Disk;
  /** Sends a message to the main thread. */
  post(message: FromCache, transfer?: ArrayBuffer[]): void;
  /** Called when the worker is closed. */
  ended(): void;
}

type Options = SegmentLogSettings & Pick<CacheTask, 'tags' | 'resume'>;

/** The last of some blocks, and the sequence of the entry after it. */
type Reach = Pick<Extract<FromCache, { kind: 'stored' }>, 'key' | 'sequence'>;

/**
 * The worker of a cache. It appends blocks in the order in which they arrive, also during a sync of earlier
 * blocks, and reports when they are stored. When the disk fails, blocks wait in the memory of the main
 * thread, and the worker tries again.
 */
export class CacheWorker {
  readonly #options: Options;
  readonly #host: CacheWorkerHost;
  readonly #log: SegmentLog;
  readonly #duplicates: Duplicates;
  readonly #readers: SegmentReaders;
  readonly #tags: string[];
  readonly #queue = new BlockQueue();
  readonly #removals = new Set<number>();
  readonly #reporter: ChangeReporter;
  readonly #schedule: SyncSchedule;
  readonly #room: Room;
  readonly #disk: DiskRetry;
  #isClosing = false;

  /** @throws {CacheOpenError} the folder cannot be used */
  constructor(options: Options, host: CacheWorkerHost) {
    const { muxer, maxSegmentBytes, tags, resume } = options;
    this.#options = options;
    this.#host = host;
    this.#tags = [...tags];
    const after = resume?.after ?? { segment: 0, sequence: 0 };
    this.#log = SegmentLog.open(host.disk, { muxer, maxSegmentBytes, now: Date.now, after });
    this.#duplicates = new Duplicates(resume, this.#log.segments());
    this.#readers = new SegmentReaders(this.#log, this.#duplicates);
    this.#reporter = new ChangeReporter(this.#log, this.#duplicates, (message) =>
      host.post(message),
    );
    this.#schedule = new SyncSchedule(options.sync, this.#log, host, () => this.#beginSync());
    this.#room = new Room({
      settings: options,
      log: this.#log,
      queue: this.#queue,
      duplicates: this.#duplicates,
      readers: this.#readers,
      tags: this.#tags,
      sync: () => this.#sync(),
      dropped: (segment, entries) => this.#post({ kind: 'dropped', segment, entries }),
    });
    this.#disk = new DiskRetry({
      clock: host,
      trouble: (error) => this.#trouble(error),
      retry: () => this.#retry(),
      whenSyncIsOver: (action) =>
        this.#schedule.whenOver(() => {
          action();
          this.#reporter.changes();
        }),
    });
    this.#reporter.opened();
    if (resume !== undefined) this.#removeDuplicates(0);
    // Recovery may have changed files: they must reach the disk too.
    this.#schedule.soon();
  }

  onMessage(message: ToCache): void {
    if (this.#isClosing) return;
    switch (message.kind) {
      case 'tags':
        this.#tags.push(...message.names);
        break;
      case 'append':
        this.#queue.add(message.block);
        this.#appendWaiting();
        break;
      case 'seal':
        this.#queue.addSeal();
        this.#appendWaiting();
        break;
      case 'limit':
        this.#room.isLimited = message.isLimited;
        this.#appendWaiting();
        break;
      case 'sync':
        if (!this.#disk.isInTrouble) this.#schedule.now();
        break;
      case 'read':
        this.#read(message.segment, message.from);
        break;
      case 'stop':
        this.#readers.stop(message.segment);
        // The segment may be dropped now.
        this.#appendWaiting();
        break;
      case 'remove':
        this.#readers.stop(message.segment);
        this.#removals.add(message.segment);
        this.#remove();
        break;
      case 'close':
        this.#isClosing = true;
        this.#room.isLimited = false;
        this.#disk.end();
        this.#schedule.whenOver(() => this.#close());
        return;
    }
    this.#reporter.changes();
  }

  /** Appends the blocks that wait, unless the disk fails: then the retry does. */
  #appendWaiting(): void {
    if (!this.#disk.isInTrouble) this.#disk.attempt(() => this.#appendAll());
  }

  /** Appends the blocks that wait, as far as there is room. Throws what the log throws. */
  #appendAll(): void {
    let room: RoomState = 'there';
    for (let { next } = this.#queue; next !== undefined; next = this.#queue.next) {
      if (next === 'seal' || next.isRemoved) {
        this.#skip(next);
        continue;
      }
      room = this.#room.make(next.block);
      if (room !== 'there') break;
      this.#append(next.block);
    }
    this.#reporter.full(room === 'missing');
    if (this.#queue.lastAppended !== undefined) this.#schedule.soon();
  }

  #append(block: CacheBlock): void {
    if (block.isFirst) this.#log.seal();
    const place = this.#log.append(framesOf(block), block.count, this.#tags, block.order);
    this.#queue.appended(place);
    const nextSequence = place.sequence + block.count;
    this.#post({ kind: 'appended', key: block.key, ...place, nextSequence });
    if (this.#options.sync === 'never') this.#stored(this.#appended());
  }

  /** Handles a seal, or a removed block, which only keeps its place. */
  #skip(next: Waiting): void {
    if (next === 'seal') this.#log.seal();
    this.#queue.appended({ segment: 0, sequence: this.#log.nextSequence });
  }

  /** Begins a sync, unless the disk fails: then the retry syncs. */
  #beginSync(): void {
    if (this.#disk.isInTrouble) return;
    const reach = this.#appended();
    this.#log.beginSync((error) => {
      this.#disk.attempt(() => {
        if (error !== undefined) this.#appendAgain(error);
        this.#stored(reach);
        if (!this.#disk.isInTrouble) this.#appendAll();
      });
      this.#reporter.changes();
      this.#schedule.ended();
    });
  }

  /** Syncs. Throws what the log throws; blocks that the log has taken back then wait again. */
  #sync(): void {
    this.#schedule.cancel();
    if (this.#options.sync === 'never') return;
    try {
      this.#log.sync();
    } catch (error) {
      if (error instanceof CacheSyncError) this.#appendAgain(error);
      throw error;
    }
    this.#stored(this.#appended());
  }

  /** Puts the blocks that the log has taken back into the queue again. Throws the error. */
  #appendAgain(error: CacheSyncError): never {
    const { sequence } = error;
    const key = sequence === undefined ? undefined : this.#queue.takeBack(sequence);
    if (key !== undefined) this.#post({ kind: 'takenBack', key });
    throw error;
  }

  /** The end of the blocks that are in the log and not stored; `undefined`: there are none. */
  #appended(): Reach | undefined {
    const key = this.#queue.lastAppended;
    return key === undefined ? undefined : { key, sequence: this.#log.nextSequence };
  }

  #stored(reach: Reach | undefined): void {
    if (reach === undefined) return;
    this.#queue.stored(reach.key);
    this.#post({ kind: 'stored', ...reach });
    this.#removeDuplicates(reach.key);
  }

  /** Removes the segments that hold only duplicates, once these are stored again. */
  #removeDuplicates(storedKey: number): void {
    if (this.#duplicates.whole.size === 0 || !this.#duplicates.areStored(storedKey)) return;
    for (const segment of this.#duplicates.whole) this.#removals.add(segment);
    this.#host.after(0, () => {
      if (this.#isClosing) return;
      this.#remove();
      this.#reporter.changes();
    });
  }

  #read(segment: number, from: number): void {
    const isNew = !this.#readers.has(segment);
    if (isNew && this.#log.segments().at(-1)?.id === segment) this.#log.seal();
    try {
      const { blocks, isLast } = this.#readers.next(segment, from);
      this.#reporter.damage();
      const transfer = blocks.map(({ frames }) => frames.buffer);
      this.#host.post({ kind: 'blocks', segment, blocks, isLast }, transfer);
    } catch (error) {
      this.#post({ kind: 'unreadable', segment, problem: toProblem(error) });
    }
  }

  /** Removes segments. A disk that failed may work again after that. */
  #remove(): void {
    const before = this.#removals.size;
    this.#disk.attempt(() => this.#removeAll());
    if (this.#disk.isInTrouble && this.#removals.size < before) this.#disk.soon(0);
    this.#appendWaiting();
  }

  /** Removes all segments that are to be removed. Throws what the log throws. */
  #removeAll(): void {
    for (const segment of this.#removals) {
      try {
        this.#room.remove(segment);
      } catch (error) {
        if (!(error instanceof UnknownSegmentError)) throw error;
      }
      this.#removals.delete(segment);
      // `segments` goes first: the list must be current when `removed` comes.
      this.#reporter.changes();
      this.#post({ kind: 'removed', segment });
      this.#schedule.soon();
    }
  }

  #close(): void {
    this.#schedule.cancel();
    // The second time for blocks that a failed sync has taken back.
    const problem = this.#tryAll() && this.#tryAll();
    this.#reporter.changes();
    this.#log.close();
    this.#post({ kind: 'closed', problem: problem === undefined ? undefined : toProblem(problem) });
    this.#host.ended();
  }

  /** @returns why something is not on the disk; `undefined`: everything is */
  #tryAll(): CacheError | undefined {
    try {
      this.#removeAll();
      this.#appendAll();
      if (this.#options.sync === 'never') this.#log.syncAsItIs();
      else this.#sync();
      this.#removeAll();
      return undefined;
    } catch (error) {
      if (!(error instanceof CacheError)) throw error;
      return error;
    }
  }

  #trouble(error: CacheError | undefined): void {
    this.#reporter.trouble(error);
    // A sealed segment can be removed once it is confirmed, which may make room on the disk.
    if (error !== undefined) this.#log.seal();
  }

  /** Does everything that waits for the disk. Throws what the log throws. */
  #retry(): void {
    this.#removeAll();
    this.#appendAll();
    this.#sync();
    this.#removeAll();
  }

  #post(message: FromCache): void {
    this.#host.post(message);
  }
}
