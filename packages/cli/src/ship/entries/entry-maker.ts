import type { EntryInput, IngestMuxer } from '@ringest/core';
import type { Draft, Step } from './draft.js';
import type { EntryAccount } from './entry-account.js';
import type { EntryTimes } from './entry-times.js';
import { Tags } from './tags.js';

/** What becomes of an entry whose step has thrown. */
export type OnStepError = 'pass' | 'drop';

/** How entries are made of what was read. */
export interface MakerOptions {
  readonly tag: string;
  readonly source: string | undefined;
  readonly steps: readonly Step[];
  readonly onStepError: OnStepError;
}

/** Makes entries of data: finds their times, and takes each through the steps. */
export class EntryMaker {
  readonly #muxer: IngestMuxer;
  readonly #options: MakerOptions;
  readonly #account: EntryAccount;
  readonly #say: (line: string) => void;
  readonly #tags: Tags;
  #hasToldRefused = false;

  constructor(
    muxer: IngestMuxer,
    options: MakerOptions,
    account: EntryAccount,
    say: (line: string) => void,
  ) {
    this.#muxer = muxer;
    this.#options = options;
    this.#account = account;
    this.#say = say;
    this.#tags = new Tags(muxer, options.tag, say);
  }

  /** An entry that has nothing of its own yet. */
  draft(data: Uint8Array | string, sender: string | undefined): Draft {
    const { tag, source = sender } = this.#options;
    return { data, tag, source, timestamp: undefined, values: {} };
  }

  /**
   * The entries that become of a draft.
   * @param refused called when it is dropped because a step has thrown
   */
  make(draft: Draft, times: EntryTimes | undefined, refused: () => void): EntryInput[] {
    findTime(draft, times);
    let drafts: readonly Draft[] = [draft];
    for (const step of this.#options.steps) {
      drafts = drafts.flatMap((one) => {
        const { data } = one;
        const made = this.#take(step, one, refused);
        // Data that a step has made, such as by decompressing it, may have a time.
        for (const other of made) if (other.data !== data) findTime(other, times);
        return made;
      });
    }
    return drafts.map((one) => this.#entry(one));
  }

  /** Writes entries, as `IngestMuxer.writeBatch` does. */
  write(entries: readonly EntryInput[]): Promise<void> | undefined {
    return this.#muxer.writeBatch(entries);
  }

  /** Tells of the first entry that cannot be written. */
  refused(why: string): void {
    if (!this.#hasToldRefused) this.#say(`ringest: an entry was refused: ${why}`);
    this.#hasToldRefused = true;
  }

  #take(step: Step, draft: Draft, refused: () => void): readonly Draft[] {
    try {
      const made = step(draft);
      if (made === undefined) return [];
      return Array.isArray(made) ? made : [made as Draft];
    } catch (error) {
      this.#account.failedSteps++;
      if (this.#account.failedSteps === 1)
        this.#say(`ringest: a step has failed: ${(error as Error).message}`);
      if (this.#options.onStepError === 'pass') return [draft];
      refused();
      return [];
    }
  }

  #entry({ data, tag, timestamp, source, values }: Draft): EntryInput {
    return {
      timestamp: timestamp ?? new Date(),
      tag: this.#tags.number(tag),
      data,
      ...(source === undefined ? {} : { source }),
      ...(Object.keys(values).length === 0 ? {} : { enumeratedValues: values }),
    };
  }
}

/** Sets the time that is in the data, unless another one is set. */
function findTime(draft: Draft, times: EntryTimes | undefined): void {
  const { data } = draft;
  draft.timestamp ??= times?.find(typeof data === 'string' ? Buffer.from(data) : data);
}
