import type { CacheSegment, Repeat, Resume } from '../messages.js';

/** How far the threads of a cache have come. The next thread goes on from there. */
export class ResumePoint {
  #sequence = 0;
  #repeats: readonly Repeat[] = [];
  /** The last numbers that a thread has reported. */
  #segment = 0;
  #nextSequence = 0;
  /** The newest segment that was in a list. */
  #lastListed = 0;

  opened(sequence: number, repeats: readonly Repeat[]): void {
    this.#sequence = sequence;
    this.#nextSequence = sequence;
    this.#repeats = repeats;
  }

  appended(segment: number, nextSequence: number): void {
    this.#segment = Math.max(this.#segment, segment);
    this.#nextSequence = nextSequence;
  }

  stored(nextSequence: number): void {
    this.#sequence = nextSequence;
  }

  listed(segments: readonly CacheSegment[]): void {
    for (const { id } of segments) this.#lastListed = Math.max(this.#lastListed, id);
    this.#segment = Math.max(this.#segment, this.#lastListed);
  }

  /** Whether a segment was begun, and is not in a list yet. */
  isNew(segment: number): boolean {
    return segment > this.#lastListed && segment <= this.#segment;
  }

  /** @param lastKey the last block that is to be appended again */
  toResume(lastKey: number): Resume {
    const after = { segment: this.#segment, sequence: this.#nextSequence };
    return { sequence: this.#sequence, lastKey, repeats: this.#repeats, after };
  }
}
