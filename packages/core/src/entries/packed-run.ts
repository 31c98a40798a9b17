import { FRAME_BYTES } from '@ringest/codec';
import {
  type EntryRun,
  type FrameParts,
  type FrameStage,
  MAX_STAGED_BYTES,
  MAX_STAGED_ENTRIES,
  MAX_TAIL_BYTES,
} from '@ringest/workers';

/** The times of packed entries, one for each. */
export interface PackedTimes {
  /** Unix seconds: whole numbers. */
  readonly seconds: Float64Array;
  /** 0 to 999999999, added to the seconds. Default: 0 for all. */
  readonly nanoseconds?: Uint32Array;
}

/** What of packed entries may differ between them. */
export interface PackedColumns {
  /** A muxer tag for each. */
  readonly tags: Uint16Array | undefined;
  readonly times: PackedTimes | undefined;
}

/** Entries that lie in one buffer. */
export class PackedRun implements EntryRun {
  readonly tag: number | undefined;
  readonly #bytes: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #columns: PackedColumns;
  readonly #common: FrameParts;
  readonly #next: { -readonly [Part in keyof FrameParts]: FrameParts[Part] };
  #index = 0;

  /**
   * @param common what the entries have in common; its data does not matter
   * @param offsets where each entry begins, and then where the last one ends; checked
   */
  constructor(bytes: Uint8Array, offsets: Uint32Array, columns: PackedColumns, common: FrameParts) {
    const { seconds, nanoseconds, tag, source, values } = common;
    this.#bytes = bytes;
    this.#offsets = offsets;
    this.#columns = columns;
    this.#common = common;
    this.#next = { seconds, nanoseconds, tag, source, values, data: bytes };
    this.tag = columns.tags === undefined ? tag : undefined;
  }

  get isDone(): boolean {
    return this.#index === this.#offsets.length - 1;
  }

  get written(): number {
    return this.#index;
  }

  stage(stage: FrameStage, maxFrame: number): void {
    const { source, values } = this.#common;
    const offsets = this.#offsets;
    const valuesBytes = values === undefined ? 0 : values.length;
    if (valuesBytes > MAX_TAIL_BYTES) return;
    const mostBytes = Math.min(MAX_STAGED_BYTES, maxFrame - FRAME_BYTES - valuesBytes);
    const from = offsets[this.#index] as number;
    const last = Math.min(this.#index + MAX_STAGED_ENTRIES, offsets.length - 1);
    let end = this.#index;
    while (end < last && (offsets[end + 1] as number) - from <= MAX_STAGED_BYTES) {
      if ((offsets[end + 1] as number) - (offsets[end] as number) > mostBytes) break;
      end++;
    }
    if (end === this.#index) return;
    stage.copyBodies(this.#bytes, from, offsets[end] as number);
    stage.setCommonValues(values);
    for (let i = this.#index; i < end; i++) {
      const at = offsets[i] as number;
      const bytes = (offsets[i + 1] as number) - at;
      stage.addCopied(
        this.#seconds(i),
        this.#nanoseconds(i),
        this.#tag(i),
        source,
        at - from,
        bytes,
      );
    }
  }

  passed(entries: number): void {
    this.#index += entries;
  }

  next(): FrameParts | undefined {
    if (this.isDone) return undefined;
    const i = this.#index;
    const next = this.#next;
    next.data = this.#bytes.subarray(this.#offsets[i], this.#offsets[i + 1]);
    next.seconds = this.#seconds(i);
    next.nanoseconds = this.#nanoseconds(i);
    next.tag = this.#tag(i);
    return next;
  }

  passedNext(): void {
    this.#index++;
  }

  #seconds(i: number): number {
    const { times } = this.#columns;
    return times === undefined ? this.#common.seconds : (times.seconds[i] as number);
  }

  #nanoseconds(i: number): number {
    const { times } = this.#columns;
    if (times === undefined) return this.#common.nanoseconds;
    return times.nanoseconds === undefined ? 0 : (times.nanoseconds[i] as number);
  }

  #tag(i: number): number {
    const { tags } = this.#columns;
    return tags === undefined ? this.#common.tag : (tags[i] as number);
  }
}
