import type { Disk, Done } from '../disk/disk.js';
import { CacheSyncError } from '../errors.js';
import type { DirectorySync } from './directory-sync.js';
import type { Quarantine } from './quarantine.js';
import type { Segment } from './segment.js';
import type { SegmentList } from './segment-list.js';

/**
 * The most files that are synced at the same time; the folder counts as one. Usually that is all of them, and
 * they share one commit of the file system's journal. More would occupy the few threads that Node.js has
 * for all files of the process.
 */
const MAX_AT_ONCE = 3;

/** A sync that has begun. */
interface Sync {
  /** Files whose sync has not begun, oldest first. */
  readonly waiting: Segment[];
  /** Files that are synced. */
  readonly flushed: Segment[];
  areNamesDone: boolean;
  /** How many files are being synced; the folder counts as one. */
  running: number;
  /** Segments that may have lost something. */
  readonly failed: Segment[];
  /** The first failure. */
  failure: { readonly cause: unknown } | undefined;
  readonly ended: (error: CacheSyncError | undefined) => void;
}

/**
 * Syncs a log: its files and their names. A sync succeeds as a whole or not at all. When it fails, all
 * blocks that no earlier sync has covered are removed from the log, from the failed file on. That includes
 * blocks that were appended during the sync, because a system may forget bytes that it could not write.
 *
 * There is one sync at a time: when two syncs have the same file, Linux reports a loss to only one of
 * them, and the other one succeeds.
 */
export class LogSync {
  readonly #disk: Disk;
  readonly #segments: SegmentList;
  readonly #folder: DirectorySync;
  readonly #quarantine: Quarantine;
  /** The sync that has begun and has not ended. */
  #begun: Sync | undefined;

  constructor(disk: Disk, segments: SegmentList, folder: DirectorySync, quarantine: Quarantine) {
    this.#disk = disk;
    this.#segments = segments;
    this.#folder = folder;
    this.#quarantine = quarantine;
  }

  /** Whether a sync has begun and has not ended. */
  get isUnderWay(): boolean {
    return this.#begun !== undefined;
  }

  /**
   * Syncs, and waits for the disk.
   * @throws {CacheSyncError} with the first sequence that was taken back
   */
  run(): void {
    this.#run((failed) => this.#takeBack(failed));
  }

  /**
   * Syncs, waits for the disk, and takes nothing back on failure.
   * @throws {CacheSyncError} without a sequence
   */
  runAsItIs(): void {
    this.#run(() => undefined);
  }

  /**
   * Begins a sync, during which the log can be used.
   * @param ended called once, possibly before this returns
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

  /** Forgets the current sync. Its end changes nothing any more. */
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

  /** Syncs as many files at once as it may. After a failure, no further sync of a file begins. */
  #goOn(sync: Sync): void {
    while (sync.failure === undefined && sync.running < MAX_AT_ONCE) {
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
      // An error in a file that was removed since does not matter.
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
    return new CacheSyncError(this.#disk.path, undefined, new Error('another sync has not ended'));
  }

  /** Segments that need a sync, oldest first. */
  #dirty(): Segment[] {
    return this.#segments.all.filter(({ isDirty }) => isDirty);
  }

  /** Does what must be on the disk before the files are. Throws the error of the system. */
  #prepare(): void {
    this.#folder.clean();
    this.#quarantine.sync();
  }

  /** Segments whose names may not survive a power cut. */
  #unsafe(): readonly Segment[] {
    return this.#segments.all.filter(({ isUnsafe }) => isUnsafe);
  }

  /** @returns the first sequence that was taken back; `undefined`: none was */
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
