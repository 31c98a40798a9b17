import type { DetachedFrame } from '@ringest/workers';
import type { Outlet } from './outlet.js';

/**
 * Accepted frames whose tag every indexer refuses. They wait here until an indexer accepts the tag: in a ring
 * they would stop all frames behind them.
 */
export class RefusedFrames {
  readonly #lanes: readonly Outlet[];
  #frames: DetachedFrame[] = [];
  /** The tags of all frames; `undefined`: look again. */
  #tags: ReadonlySet<number> | undefined;

  constructor(lanes: readonly Outlet[]) {
    this.#lanes = lanes;
  }

  /** Oldest first. */
  get frames(): readonly DetachedFrame[] {
    return this.#frames;
  }

  /** The tags of all frames. */
  get tags(): ReadonlySet<number> {
    this.#tags ??= new Set(this.#frames.map(({ tag }) => tag));
    return this.#tags;
  }

  /** How many entries they are. */
  get entries(): number {
    return this.#frames.reduce((sum, { entries }) => sum + entries, 0);
  }

  /** The tag of the oldest frame, if no target will accept it, connected or not; otherwise `undefined`. */
  get hopelessTag(): number | undefined {
    const tag = this.#frames[0]?.tag;
    if (tag === undefined) return undefined;
    const isHopeless = this.#lanes.every(
      (lane) => lane.refuses(tag) || lane.fatalError !== undefined,
    );
    return isHopeless ? tag : undefined;
  }

  /** Whether every lane that can send now refuses the tag. */
  isRefused(tag: number): boolean {
    if (!this.#lanes.some((lane) => lane.refusesAny)) return false;
    return this.#senders().every((lane) => lane.refuses(tag));
  }

  add(frame: DetachedFrame): void {
    this.#frames.push(frame);
    this.#tags = undefined;
  }

  addAll(frames: readonly DetachedFrame[]): void {
    this.#frames = this.#frames.concat(frames);
    this.#tags = undefined;
  }

  /** Takes all frames out. */
  takeAll(): readonly DetachedFrame[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#tags = undefined;
    return frames;
  }

  /** Takes out the frames whose tag a lane accepts now. */
  takeWanted(): readonly DetachedFrame[] {
    const wanted = this.#frames.filter(({ tag }) => !this.isRefused(tag));
    if (wanted.length > 0) {
      this.#frames = this.#frames.filter(({ tag }) => this.isRefused(tag));
      this.#tags = undefined;
    }
    return wanted;
  }

  /** The lanes that can send now: the hot ones, or all while none is hot. */
  #senders(): readonly Outlet[] {
    const hot = this.#lanes.filter((lane) => lane.isHot);
    return hot.length > 0 ? hot : this.#lanes;
  }
}
