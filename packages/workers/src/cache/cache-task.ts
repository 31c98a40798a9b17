import { RingestError } from '@ringest/codec';
import {
  type CacheBlock,
  type CacheProblem,
  type CacheTask,
  type FromCache,
  type SegmentUse,
  type ToCache,
} from './cache-boundary.js';
import { CacheError, CacheSyncError } from './errors.js';
import { NodeDisk } from './node-disk.js';
import { SegmentLog } from './segment-log.js';
import type { Block } from './segment-reader.js';

/** Milliseconds before a disk that takes nothing is tried again. */
const RETRY_MS = 500;

/** The cache's own thread, as a Piscina task: it ends when the cache is closed. */
export async function runCache(task: CacheTask): Promise<void> {
  let log: SegmentLog;
  try {
    const options = { muxer: task.muxer, maxSegmentBytes: task.maxSegmentBytes, now: Date.now };
    log = SegmentLog.open(new NodeDisk(task.path), options);
  } catch (error) {
    task.port.postMessage({ kind: 'failed', problem: problemOf(error) } satisfies FromCache);
    task.port.close();
    return;
  }
  await new CacheWorker(task, log).run();
}

/** A block that is in the log, and not stored yet. */
interface Appended {
  readonly block: CacheBlock;
  readonly sequence: number;
}

/**
 * Appends blocks in the order in which they come, and tells when they are stored. What the disk does
 * not take waits here, in the main thread's memory, and is tried again.
 */
class CacheWorker {
  readonly #task: CacheTask;
  readonly #log: SegmentLog;
  readonly #tags: string[] = [];
  /** Not appended yet. */
  readonly #waiting: CacheBlock[] = [];
  /** Appended, and not stored. */
  #unstored: Appended[] = [];
  readonly #readers = new Map<number, Generator<Block>>();
  /** What segments are for, of those that are not from an earlier run. */
  readonly #uses = new Map<number, SegmentUse>();
  #lastUse: SegmentUse | undefined;
  #toldDamage: number;
  #isInTrouble = false;
  #syncIsDue = false;
  #syncTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #end: () => void = () => {};

  constructor(task: CacheTask, log: SegmentLog) {
    this.#task = task;
    this.#log = log;
    const { recovery, damage } = log;
    this.#toldDamage = damage.length;
    const fresh = damage.filter(({ isNew }) => isNew);
    this.#post({
      kind: 'opened',
      segments: log.segments(),
      findings: {
        tornBytes: recovery.torn.reduce((sum, { bytes }) => sum + bytes, 0),
        damaged: fresh.length,
        damagedEntries: fresh.reduce((sum, { entries = 0 }) => sum + entries, 0),
        leftAlone: recovery.newer.length + recovery.unreadable.length,
      },
    });
    // The log looks again at what it has cut off and set aside.
    this.#syncSoon();
  }

  async run(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    this.#task.port.on('message', (message: ToCache) => this.#heard(message));
    await ended;
    this.#task.port.close();
  }

  #heard(message: ToCache): void {
    switch (message.kind) {
      case 'tags':
        this.#tags.push(...message.names);
        break;
      case 'append':
        this.#waiting.push(message.block);
        if (!this.#isInTrouble) this.#appendAll();
        break;
      case 'seal':
        this.#log.seal();
        this.#lastUse = undefined;
        break;
      case 'read':
        this.#read(message.segment);
        break;
      case 'remove':
        this.#remove(message.segment);
        break;
      case 'close':
        this.#close();
    }
  }

  /** Appends what waits, as far as the disk takes it and there is room. */
  #appendAll(): void {
    for (let block = this.#waiting[0]; block !== undefined; block = this.#waiting[0]) {
      if (!this.#makeRoom(block.bytes)) return;
      try {
        this.#append(block);
      } catch (error) {
        this.#inTrouble(error);
        return;
      }
      this.#waiting.shift();
    }
    this.#outOfTrouble();
    this.#syncSoon();
  }

  #append(block: CacheBlock): void {
    if (this.#lastUse !== undefined && this.#lastUse !== block.use) this.#log.seal();
    const frames = new Uint8Array(block.memory, 0, block.bytes);
    const { segment, sequence } = this.#log.append(frames, block.count, this.#tags);
    this.#lastUse = block.use;
    this.#uses.set(segment, block.use);
    this.#unstored.push({ block, sequence });
    this.#post({ kind: 'appended', key: block.key, segment });
    if (this.#task.sync === 'never') this.#stored();
  }

  /** @returns false when the block has to wait for segments to be removed */
  #makeRoom(bytes: number): boolean {
    const { maxBytes, whenFull } = this.#task;
    while (this.#log.bytes > 0 && this.#log.bytes + bytes > maxBytes) {
      const oldest = this.#log.segments().find(({ id }) => !this.#readers.has(id));
      if (whenFull === 'wait' || oldest === undefined) return false;
      if (!this.#attempt(() => this.#log.remove(oldest.id))) return false;
      this.#uses.delete(oldest.id);
      this.#post({ kind: 'dropped', segment: oldest.id, entries: oldest.entries });
    }
    return true;
  }

  #syncSoon(): void {
    const { sync } = this.#task;
    if (this.#syncIsDue) return;
    this.#syncIsDue = true;
    // Together with all that has come in by then.
    if (sync === 'always') setImmediate(() => this.#sync());
    else this.#syncTimer = setTimeout(() => this.#sync(), sync === 'never' ? RETRY_MS : sync.everyMs);
  }

  /** @returns whether all that was appended is on the disk */
  #sync(): boolean {
    this.#syncIsDue = false;
    clearTimeout(this.#syncTimer);
    try {
      this.#log.sync();
      this.#stored();
      return true;
    } catch (error) {
      if (error instanceof CacheSyncError && error.sequence !== undefined) {
        this.#appendAgain(error.sequence);
      }
      this.#inTrouble(error);
      return false;
    }
  }

  #appendAgain(sequence: number): void {
    const lost = this.#unstored.filter((appended) => appended.sequence >= sequence);
    this.#unstored = this.#unstored.filter((appended) => appended.sequence < sequence);
    this.#waiting.unshift(...lost.map(({ block }) => block));
  }

  #stored(): void {
    const last = this.#unstored.at(-1);
    if (last === undefined) return;
    this.#unstored = [];
    this.#post({ kind: 'stored', key: last.block.key, bytes: this.#log.bytes });
  }

  #read(segment: number): void {
    try {
      const reader = this.#readers.get(segment) ?? this.#log.read(segment);
      this.#readers.set(segment, reader);
      const { value: block } = reader.next();
      this.#tellDamage();
      if (block === undefined) {
        this.#endRead(segment, undefined);
        return;
      }
      const frames = new Uint8Array(block.frames);
      const { count, tags } = block;
      this.#post({ kind: 'block', segment, frames, count, tags }, [frames.buffer]);
    } catch (error) {
      this.#endRead(segment, problemOf(error));
    }
  }

  #endRead(segment: number, problem: CacheProblem | undefined): void {
    this.#readers.delete(segment);
    this.#post({ kind: 'end', segment, problem });
  }

  #remove(segment: number): void {
    this.#readers.get(segment)?.return(undefined);
    this.#readers.delete(segment);
    if (!this.#attempt(() => this.#log.remove(segment))) {
      this.#retrySoon(() => this.#remove(segment));
      return;
    }
    this.#uses.delete(segment);
    this.#post({ kind: 'removed', segment, bytes: this.#log.bytes });
    this.#syncSoon();
    if (this.#waiting.length > 0 && !this.#isInTrouble) this.#appendAll();
  }

  #close(): void {
    clearTimeout(this.#retryTimer);
    this.#isInTrouble = false;
    let problem: CacheProblem | undefined;
    this.#appendAll();
    if (!this.#sync()) {
      // Once more, for what the failed sync has taken out.
      this.#appendAll();
      if (!this.#sync()) problem = { code: 'ERR_CACHE_SYNC', message: 'not synced', trouble: 'io' };
    }
    clearTimeout(this.#syncTimer);
    clearTimeout(this.#retryTimer);
    this.#log.close();
    this.#post({ kind: 'closed', problem });
    this.#end();
  }

  #tellDamage(): void {
    const { damage } = this.#log;
    for (const { segment, entries } of damage.slice(this.#toldDamage)) {
      this.#post({ kind: 'damaged', segment, entries });
    }
    this.#toldDamage = damage.length;
  }

  /** @returns whether it worked; if not, the main thread is told */
  #attempt(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      this.#inTrouble(error);
      return false;
    }
  }

  #inTrouble(error: unknown): void {
    if (!this.#isInTrouble) this.#post({ kind: 'trouble', problem: problemOf(error) });
    this.#isInTrouble = true;
    this.#retrySoon(() => {
      this.#isInTrouble = false;
      this.#appendAll();
    });
  }

  #outOfTrouble(): void {
    if (this.#isInTrouble) this.#post({ kind: 'trouble', problem: undefined });
    this.#isInTrouble = false;
  }

  #retrySoon(action: () => void): void {
    this.#retryTimer = setTimeout(action, RETRY_MS);
  }

  #post(message: FromCache, transfer: ArrayBuffer[] = []): void {
    this.#task.port.postMessage(message, transfer);
  }
}

function problemOf(error: unknown): CacheProblem {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof RingestError ? error.code : 'ERR_CACHE';
  return { code, message, trouble: error instanceof CacheError ? error.trouble : undefined };
}
