import type { Disk, Done } from '../disk/disk.js';
import { CacheSyncError } from '../errors.js';
import type { DirectorySync } from './directory-sync.js';
import type { Quarantine } from './quarantine.js';
import type { Segment } from './segment.js';
import type { SegmentList } from './segment-list.js';

/**
 * How many files are synced at once: usually all there are, and their folder, which takes one commit
 * of the file system's journal instead of one each. Others in the process need the few threads that
 * do this, too.
 */
const MOST_AT_ONCE = 3;

/** A sync that was begun. */
interface Sync {
  /** Files that are not begun, oldest first. */
  readonly waiting: Segment[];
  /** Files that are done. */
  readonly flushed: Segment[];
  areNamesDone: boolean;
  /** How many files are under way; the folder is one, too. */
  running: number;
  /** Segments of which something may be lost. */
  readonly failed: Segment[];
  /** The first that failed. */
  failure: { readonly cause: unknown } | undefined;
  readonly ended: (error: CacheSyncError | undefined) => void;
}

/**
 * Brings a log to the disk: its files and their names. Only when all of it is there, anything of it
 * counts as such. Where it fails, all is given up that no sync before it has covered, from the file
 * on that failed: also what was appended since, for a system may forget what it could not write.
 *
 * There is one sync at a time. Of two that a file is in, Linux tells only one that something was
 * lost; the other one succeeds.
 */
export class LogSync {
  readonly #disk: Disk;
  readonly #segments: SegmentList;
  readonly #folder: DirectorySync;
  readonly #quarantine: Quarantine;
  /** The one that was begun and has not ended. */
  #begun: Sync | undefined;

  constructor(disk: Disk, segments: SegmentList, folder: DirectorySync, quarantine: Quarantine) {
    this.#disk = disk;
    this.#segments = segments;
    this.#folder = folder;
    this.#quarantine = quarantine;
  }

  /** Whether one that was begun has not ended. */
  get isUnderWay(): boolean {
    return this.#begun !== undefined;
  }

  /** All at once. @throws {CacheSyncError} */
  run(): void {
    this.#run((failed) => this.#takeBack(failed));
  }

  /** All at once; nothing is given up where it fails. @throws {CacheSyncError} without a sequence */
  runAsItIs(): void {
    this.#run(() => undefined);
  }

  /**
   * Lets the log be used meanwhile.
   * @param ended called once, maybe at once
   */
  begin(ended: (error: CacheSyncError | undefined) => void): void {
    if (this.isUnderWay) {
      ended(this.#overlap());
      return;
    }
    const sync: Sync = {
      waiting: this.#dirty(),
      flushed: [],
      areNamesDone: false,
      running: 0,
      failed: [],
      failure: undefined,
      ended,
    };
    this.#begun = sync;
    try {
      this.#prepare();
    } catch (cause) {
      sync.failure = { cause };
    }
    this.#goOn(sync);
  }

  /** Forgets the one that is under way, and leaves the disk alone. */
  close(): void {
    this.#begun = undefined;
  }

  #run(onFailure: (failed: readonly Segment[]) => number | undefined): void {
    if (this.isUnderWay) throw this.#overlap();
    const dirty = this.#dirty();
    let failed: readonly Segment[] = [];
    try {
      this.#prepare();
      for (const segment of dirty) {
        failed = [segment];
        segment.flush();
      }
      failed = this.#unsafe();
      this.#folder.sync();
    } catch (cause) {
      throw new CacheSyncError(this.#disk.path, onFailure(failed), cause);
    }
    for (const segment of dirty) segment.confirm();
  }

  /** Begins what can be begun; after a failure nothing more. */
  #goOn(sync: Sync): void {
    while (sync.failure === undefined && sync.running < MOST_AT_ONCE) {
      const segment = sync.waiting.shift();
      if (segment !== undefined) this.#beginFile(sync, segment);
      else if (sync.areNamesDone) break;
      else this.#beginNames(sync);
    }
    if (sync.running === 0) this.#end(sync);
  }

  #beginFile(sync: Sync, segment: Segment): void {
    if (segment.isGone) return;
    const done = (error: Error | undefined): void => {
      // What is wrong with a file that was removed meanwhile, is of no interest.
      if (segment.isGone) return;
      if (error === undefined) sync.flushed.push(segment);
      else fail(sync, [segment], error);
    };
    this.#begin(sync, (ended) => segment.beginFlush(ended), done);
  }

  #beginNames(sync: Sync): void {
    sync.areNamesDone = true;
    if (!this.#folder.isDirty) return;
    const done = (error: Error | undefined): void => {
      if (error !== undefined) fail(sync, this.#unsafe(), error);
    };
    this.#begin(sync, (ended) => this.#folder.beginSync(ended), done);
  }

  #begin(sync: Sync, action: (ended: Done) => void, done: Done): void {
    try {
      action((error) => {
        if (sync !== this.#begun) return;
        sync.running--;
        done(error);
        this.#goOn(sync);
      });
      sync.running++;
    } catch (cause) {
      done(cause as Error);
    }
  }

  #end({ flushed, failed, failure, ended }: Sync): void {
    this.#begun = undefined;
    if (failure === undefined) {
      for (const segment of flushed) segment.confirm();
      ended(undefined);
    } else {
      ended(new CacheSyncError(this.#disk.path, this.#takeBack(failed), failure.cause));
    }
  }

  #overlap(): CacheSyncError {
    return new CacheSyncError(this.#disk.path, undefined, new Error('another one is under way'));
  }

  /** Oldest first. */
  #dirty(): Segment[] {
    return this.#segments.all.filter(({ isDirty }) => isDirty);
  }

  /** What goes before, because of what comes to be certain then. Throws what the disk throws. */
  #prepare(): void {
    this.#folder.clean();
    this.#quarantine.sync();
  }

  /** Segments whose names are not certain to stay. */
  #unsafe(): readonly Segment[] {
    return this.#segments.all.filter(({ isUnsafe }) => isUnsafe);
  }

  /** @returns the first sequence that does not count any more, if any does not */
  #takeBack(failed: readonly Segment[]): number | undefined {
    const { all } = this.#segments;
    const first = all.findIndex((one) => failed.includes(one) && one.unsafeFrom !== undefined);
    const sequence = all[first]?.unsafeFrom;
    if (sequence === undefined) return undefined;
    for (const segment of all.slice(first)) {
      if (segment.isUnsafe) {
        this.#segments.drop(segment);
        this.#folder.leaveOver(segment.name);
      } else {
        segment.takeBack();
      }
    }
    this.#segments.recount();
    return sequence;
  }
}

function fail(sync: Sync, segments: readonly Segment[], cause: unknown): void {
  sync.failed.push(...segments);
  sync.failure ??= { cause };
}
