import type { FrameParts } from './frame.js';
import type { FrameStage } from './frame-stage.js';

/**
 * Entries that come in large numbers, in order. They are staged many at a time, and their frames are laid
 * down together; an entry that is too large for that goes alone.
 */
export interface EntryRun {
  /** The muxer tag of all entries; `undefined`: they have several. */
  readonly tag: number | undefined;
  /** Whether no entry is left. */
  readonly isDone: boolean;
  /**
   * Stages the entries that come next: as many as find place, up to one whose frame is longer than
   * `maxFrame` bytes. If it stages none, the next one goes alone, or none is left.
   */
  stage(stage: FrameStage, maxFrame: number): void;
  /** So many of the entries that were staged are written. The stage still has them. */
  passed(entries: number, stage: FrameStage): void;
  /** The next entry; `undefined`: none is left. It is valid until the next call of any method. */
  next(): FrameParts | undefined;
  /** The entry of `next` is written. */
  passedNext(): void;
}

/** What became of the entries that were staged. */
export type RunOutcome = 'written' | 'full' | 'alone';
