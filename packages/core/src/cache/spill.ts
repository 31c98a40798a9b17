import {
  type DetachedFrame,
  type FrameParts,
  type SharedMemoryPool,
  StagingRing,
} from '@ringest/workers';
import type { CacheMode, CacheSettings } from '../configuration/cache-settings.js';
import { BlockBuilder, type FrameBlock } from './block-builder.js';

/**
 * For how many milliseconds no lane is hot, or entries wait under `journal`, before they go to disk:
 * a lane that is about to connect, or a ring that is about to have room, is faster.
 */
const PATIENCE_MS = 500;
const STAGING_BYTES = 262144;

/** What an overflow needs of its surroundings. */
export interface OverflowSurroundings {
  /** Whether the disk takes more. */
  isOpen(): boolean;
  isAnyHot(): boolean;
  /** Something was taken: it is to be flushed at the end of the turn. */
  taken(): void;
  append(block: FrameBlock): void;
  /** What waits may be taken now. */
  progress(): void;
}

/** Takes what finds no room in any ring, when the mode says so, and gathers it into blocks. */
export class Spill {
  readonly #mode: CacheMode;
  readonly #around: OverflowSurroundings;
  readonly #staging = new StagingRing(STAGING_BYTES);
  readonly #writer: BlockBuilder;
  /** Since when no lane is hot, and since when entries wait; on the clock of `performance.now()`. */
  #coldSince = performance.now();
  #shortSince: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: CacheSettings, pool: SharedMemoryPool, around: OverflowSurroundings) {
    const { mode, maxSegmentBytes } = settings;
    this.#mode = mode;
    this.#around = around;
    this.#writer = new BlockBuilder(pool, maxSegmentBytes, (block) => around.append(block));
  }

  /** Whether what finds no room now is taken. */
  get isAccepting(): boolean {
    return this.#around.isOpen() && this.#dueIn() <= 0;
  }

  /** Bytes that are gathered, and in no block yet. */
  get bytes(): number {
    return this.#writer.bytes + this.#staging.writer.uncommitted;
  }

  /** Entries that are gathered. */
  get entries(): number {
    return this.#writer.entries + this.#staging.entries;
  }

  /** @returns false when the entry has to wait for room */
  spill(parts: FrameParts): boolean {
    if (!this.isAccepting) return false;
    const { seconds, nanoseconds, tag, source, data, values } = parts;
    const { writer } = this.#staging;
    const write = () => writer.write(seconds, nanoseconds, tag, source, data, values);
    if (!write()) {
      this.#unstage();
      if (!write()) return false;
    }
    this.#around.taken();
    return true;
  }

  /** The same for a frame. */
  spillFrame({ frame }: DetachedFrame): boolean {
    if (!this.isAccepting) return false;
    this.add(frame);
    return true;
  }

  /** Takes a frame, whatever the mode says. */
  add(frame: Uint8Array): void {
    this.#unstage();
    this.#writer.add([frame], 1);
    this.#around.taken();
  }

  /** Hands on what is gathered. */
  flush(): void {
    this.#unstage();
    this.#writer.flush();
  }

  /** Entries wait for room: `progress` is called when they may be taken. */
  expect(): void {
    this.#shortSince ??= performance.now();
    const delay = this.#dueIn();
    if (this.#timer !== undefined || delay === Number.POSITIVE_INFINITY || delay <= 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#around.progress();
    }, delay).unref();
  }

  /** No entry waits. */
  relax(): void {
    this.#shortSince = undefined;
  }

  /** A lane is hot, or lost. */
  lanesChanged(wasAnyHot: boolean): void {
    if (wasAnyHot && !this.#around.isAnyHot()) this.#coldSince = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Milliseconds until what finds no room is taken. */
  #dueIn(): number {
    const isAnyHot = this.#around.isAnyHot();
    if (isAnyHot && this.#mode === 'always') return 0;
    if (isAnyHot && this.#mode === 'fail') return Number.POSITIVE_INFINITY;
    const since = isAnyHot ? this.#shortSince : this.#coldSince;
    return since === undefined ? Number.POSITIVE_INFINITY : since + PATIENCE_MS - performance.now();
  }

  #unstage(): void {
    const { entries } = this.#staging;
    if (entries === 0) return;
    this.#writer.add(this.#staging.frames(), entries);
    this.#staging.clear();
  }
}
