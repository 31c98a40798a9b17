import {
  BacklogFullError,
  type EntryInput,
  EnumeratedValue,
  type IngestMuxer,
  type MuxerTag,
} from '@ringest/core';
import { isAboutEntry, whenRoom } from '@ringest/queues';
import type { Draft } from '../entries/draft.js';
import type { EntryAccount, EntryCounter } from '../entries/entry-account.js';
import { EntryMaker } from '../entries/entry-maker.js';
import type { EntryOptions } from '../entries/entry-streams.js';
import { EntryTimes } from '../entries/entry-times.js';
import { writeValid } from '../entries/write-valid.js';
import { sharedWait } from '../shared-wait.js';

/** How entries are made of messages. */
export interface QueueEntries
  extends Pick<EntryOptions, 'tag' | 'source' | 'steps' | 'onStepError'> {
  /** Finds the time in the data of a message; `undefined`: it is the one that the queue knows. */
  readonly times: EntryOptions['times'];
}

/**
 * What the source of a queue writes to, in place of a muxer: it finds times in messages, takes entries
 * through the steps, and counts them.
 */
export class QueueWriter
  implements EntryCounter, Pick<IngestMuxer, 'writeEntry' | 'barrier' | 'negotiateTag'>
{
  readonly #muxer: IngestMuxer;
  readonly #account: EntryAccount;
  readonly #maker: EntryMaker;
  readonly #times: EntryTimes | undefined;
  readonly #isPlain: boolean;
  /** Whether an entry is safe once it is on disk. */
  readonly #isStored: boolean;
  readonly #barrier: () => Promise<void>;
  readonly #names = new Map<MuxerTag, string>();
  /** Writes since the last barrier that wait for room, or for the disk if that is enough. */
  #waiting: Promise<void>[] = [];
  #entries = 0;
  #refused = 0;

  /**
   * @param isStored whether every entry is on disk once its write is over
   * @throws {TimeOptionError} an option about times cannot be used
   */
  constructor(
    muxer: IngestMuxer,
    options: QueueEntries,
    account: EntryAccount,
    host: { readonly isStored: boolean; readonly say: (line: string) => void },
  ) {
    this.#muxer = muxer;
    this.#account = account;
    this.#maker = new EntryMaker(muxer, options, account, host.say);
    this.#times = options.times && new EntryTimes(options.times);
    this.#isPlain = options.steps.length === 0 && this.#times === undefined;
    this.#isStored = host.isStored;
    // Messages come in many small groups, each of which asks.
    this.#barrier = sharedWait(async () => {
      await this.#written();
      if (!host.isStored) await muxer.barrier();
    });
  }

  stats() {
    return { entries: this.#entries, refusedLines: this.#refused, unfinishedBytes: 0 };
  }

  /** A message was refused for good. */
  readonly refuse = (): void => {
    this.#refused++;
  };

  negotiateTag(name: string): MuxerTag {
    const tag = this.#muxer.negotiateTag(name);
    this.#names.set(tag, name);
    return tag;
  }

  /**
   * Writes what becomes of the entry of a message.
   * @returns as `IngestMuxer.writeEntry`
   * @throws as `IngestMuxer.writeEntry` and `writeBatch`, but for a backlog that is full: that is waited for
   */
  writeEntry(entry: EntryInput): Promise<void> | undefined {
    this.#account.bytes += entry.data.length;
    const room = this.#isPlain ? this.#writeOne(entry) : this.#writeAll(this.#make(entry));
    if (room === undefined) return undefined;
    // The muxer may not have it yet, and its barrier would not wait for it.
    room.catch(() => {});
    this.#waiting.push(room);
    // The next one need not wait for the disk: the barrier does.
    return this.#isStored ? undefined : room;
  }

  /** Resolves once all that was written before is confirmed, or on disk if that is enough. */
  barrier(): Promise<void> {
    return this.#barrier();
  }

  async #written(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    await Promise.all(waiting);
  }

  #writeOne(entry: EntryInput): Promise<void> | undefined {
    const room = unlessFull(() => this.#muxer.writeEntry(entry));
    this.#entries++;
    return room;
  }

  #writeAll(entries: readonly EntryInput[]): Promise<void> | undefined {
    const [first, second] = entries;
    if (first === undefined) return undefined;
    if (second === undefined) return this.#writeOne(first);
    const { room, count, refusal } = writeValid(entries, (some) =>
      unlessFull(() => this.#muxer.writeBatch(some)),
    );
    // The queue has the message still, and may be told that nothing becomes of it.
    if (refusal !== undefined && (count === 0 || !isAboutEntry(refusal))) throw refusal;
    this.#entries += count;
    if (refusal !== undefined) {
      this.#refused += entries.length - count;
      this.#maker.refused(refusal.message);
    }
    return room;
  }

  #make(entry: EntryInput): readonly EntryInput[] {
    const { data, tag, source, timestamp } = entry;
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const given = valuesOf(entry);
    const draft: Draft = {
      data,
      tag: this.#names.get(tag as MuxerTag) ?? '',
      timestamp: this.#times?.find(bytes) ?? timestamp,
      source: source === undefined ? undefined : `${source}`,
      values: Object.fromEntries(given.map(({ name, value }) => [name, value])),
    };
    const made = this.#maker.make(draft, undefined, this.refuse);
    return given.length === 0 ? made : made.map((one) => withTypes(one, given));
  }
}

/** Writes, and waits while others, such as listeners, have filled the backlog. */
function unlessFull(write: () => Promise<void> | undefined): Promise<void> | undefined {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof BacklogFullError)) throw error;
    return whenRoom(write);
  }
}

function valuesOf({ enumeratedValues = [] }: EntryInput): readonly EnumeratedValue[] {
  if (Array.isArray(enumeratedValues)) return enumeratedValues;
  return Object.entries(enumeratedValues).map(([name, value]) =>
    EnumeratedValue.infer(name, value),
  );
}

/** An entry in which values that no step has changed are of the types that they had. */
function withTypes(entry: EntryInput, given: readonly EnumeratedValue[]): EntryInput {
  const values = valuesOf(entry).map((made) => {
    const isSame = (one: EnumeratedValue) =>
      one.name === made.name &&
      EnumeratedValue.infer(one.name, one.value).encoded.equals(made.encoded);
    return given.find(isSame) ?? made;
  });
  return { ...entry, enumeratedValues: values };
}
