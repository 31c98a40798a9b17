import type {
  CacheBlock,
  CacheSettings,
  CacheTask,
  FromCache,
  SegmentUse,
  ToCache,
} from './cache-boundary.js';
import { toProblem } from './cache-problem.js';
import { CacheTeller } from './cache-teller.js';
import type { Disk } from './disk.js';
import { CacheError, CacheSyncError, UnknownSegmentError } from './errors.js';
import { Readings } from './readings.js';
import { Repeats } from './repeats.js';
import { type SegmentInfo, SegmentLog } from './segment-log.js';

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

/** A block that is in the log, and not stored yet. */
interface Appended {
  readonly block: CacheBlock;
  readonly segment: number;
  /** Of its first entry. */
  readonly sequence: number;
  /** The main thread has had it removed: it is not appended again, whatever happens. */
  isRemoved: boolean;
}

type Waiting = { readonly block: CacheBlock; readonly isRemoved: boolean } | 'seal';

/**
 * Appends blocks in the order in which they come, and tells when they are stored. What the disk does
 * not take waits, in the main thread's memory, and is tried again.
 *
 * `#unstored` and then `#waiting` are all blocks that were not told as stored, by rising key.
 */
export class CacheWorker {
  readonly #options: Options;
  readonly #around: CacheSurroundings;
  readonly #log: SegmentLog;
  readonly #repeats: Repeats;
  readonly #readings: Readings;
  readonly #tags: string[];
  /** Not appended yet. */
  #waiting: Waiting[] = [];
  /** Appended, and not stored. */
  #unstored: Appended[] = [];
  readonly #removals = new Set<number>();
  /** What segments are for, of those that are not from an earlier run. */
  readonly #uses = new Map<number, SegmentUse>();
  #lastUse: SegmentUse | undefined;
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
    this.#teller = new CacheTeller(this.#log, this.#repeats, this.#uses, (message) =>
      around.post(message),
    );
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
        this.#waiting.push({ block: message.block, isRemoved: false });
        if (!this.#isInTrouble) this.#attempt(() => this.#appendAll());
        break;
      case 'seal':
        this.#waiting.push('seal');
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
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (next === 'seal') this.#log.seal();
      else if (next.isRemoved) this.#skip(next.block);
      else if (this.#hasRoom(next.block)) this.#append(next.block);
      else break;
      this.#waiting.shift();
    }
    this.#teller.full(this.#waiting.length > 0);
    if (this.#unstored.length > 0) this.#syncSoon();
  }

  #append(block: CacheBlock): void {
    if (this.#lastUse !== undefined && this.#lastUse !== block.use) this.#log.seal();
    const { segment, sequence } = this.#log.append(framesOf(block), block.count, this.#tags);
    this.#lastUse = block.use;
    this.#uses.set(segment, block.use);
    this.#unstored.push({ block, segment, sequence, isRemoved: false });
    const next = sequence + block.count;
    this.#post({ kind: 'appended', key: block.key, segment, sequence: next });
    if (this.#options.sync === 'never') this.#stored();
  }

  /** It only keeps its place, so that blocks before it are not told as stored with it. */
  #skip(block: CacheBlock): void {
    const sequence = this.#log.nextSequence;
    this.#unstored.push({ block, segment: 0, sequence, isRemoved: true });
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
    if (this.#unstored.some(({ segment }) => segment === id)) this.#sync();
    const use = this.#uses.get(id);
    this.#removeFromLog(id);
    this.#post({ kind: 'dropped', segment: id, use, entries });
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
    const at = this.#unstored.findIndex((appended) => appended.sequence >= sequence);
    if (at === -1) return;
    const lost = this.#unstored.splice(at);
    this.#waiting = [...lost, ...this.#waiting];
    const [first] = lost;
    if (first !== undefined) this.#post({ kind: 'takenBack', key: first.block.key });
  }

  #stored(): void {
    const last = this.#unstored.at(-1);
    if (last === undefined) return;
    this.#unstored = [];
    const { key } = last.block;
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
      const block = this.#readings.next(segment, from);
      this.#teller.damage();
      if (block === undefined) {
        this.#post({ kind: 'end', segment, problem: undefined });
        return;
      }
      const { count, sequence, tags } = block;
      const frames = new Uint8Array(block.frames);
      this.#around.post({ kind: 'block', segment, block: { frames, count, sequence, tags } }, [
        frames.buffer,
      ]);
    } catch (error) {
      this.#post({ kind: 'end', segment, problem: toProblem(error) });
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
    for (const appended of this.#unstored) {
      if (appended.segment === segment) appended.isRemoved = true;
    }
    this.#repeats.removed(segment);
    this.#uses.delete(segment);
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
