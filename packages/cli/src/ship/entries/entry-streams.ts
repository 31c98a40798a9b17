import type { IngestMuxer } from '@ringest/core';
import type { TimeOptions } from '@ringest/timestamps';
import type { Draft, Step } from './draft.js';
import { DraftWriter } from './draft-writer.js';
import type { EntryAccount, EntryStream } from './entry-account.js';
import { EntryMaker, type OnStepError } from './entry-maker.js';
import { EntryTimes } from './entry-times.js';
import {
  type FieldNames,
  fieldsOfJson,
  fieldsOfValue,
  jsonOrText,
  setFields,
} from './record-fields.js';
import { RecordStream } from './record-stream.js';
import { beginningAt, beginningWith, endingWith, messagePack, type Splitter } from './splitters.js';

/** What becomes an entry. */
export type Framing =
  /** What a delimiter ends; without one, a line. */
  | { readonly kind: 'lines'; readonly delimiter?: Uint8Array | undefined }
  /** What a delimiter begins. */
  | { readonly kind: 'beginning with'; readonly delimiter: Uint8Array }
  /** A line that an expression matches, and the lines up to the next one. */
  | { readonly kind: 'beginning at'; readonly expression: RegExp }
  /** A line with an object in JSON. */
  | { readonly kind: 'json' }
  /** A value in MessagePack, as JSON. */
  | { readonly kind: 'messagepack' }
  /** Everything up to the end of the input. */
  | { readonly kind: 'whole' };

/** How entries are made of the bytes of inputs. */
export interface EntryOptions {
  readonly tag: string;
  /** An address; `undefined`: the one of the connection. */
  readonly source: string | undefined;
  readonly framing: Framing;
  readonly maxBytes: number;
  /** `undefined`: entries have the time at which they were read. */
  readonly times: TimeOptions | undefined;
  readonly fields: FieldNames;
  readonly steps: readonly Step[];
  readonly onStepError: OnStepError;
}

/** Makes what makes entries of the bytes of each input. */
export class EntryStreams {
  readonly #muxer: IngestMuxer;
  readonly #options: EntryOptions;
  readonly #maker: EntryMaker;
  /** Finds the times in fields of entries that come whole. */
  readonly #fieldTimes: EntryTimes | undefined;

  constructor(
    muxer: IngestMuxer,
    options: EntryOptions,
    account: EntryAccount,
    say: (line: string) => void,
  ) {
    this.#muxer = muxer;
    this.#options = options;
    this.#maker = new EntryMaker(muxer, options, account, say);
    this.#fieldTimes = this.#times();
  }

  /** A longer record becomes several entries. */
  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  /**
   * Opens what takes the bytes of one input.
   * @param sender the address of who sends them, which is the source unless another one is set
   */
  open(sender?: string): EntryStream {
    const { framing, steps } = this.#options;
    const isPlain = framing.kind === 'lines' && steps.length === 0;
    return isPlain
      ? this.#lines(framing.delimiter, sender)
      : this.#records(splitterOf(framing, this.maxBytes), sender);
  }

  /** Opens what takes lines, whatever the format of other inputs is. */
  openLines(sender?: string): EntryStream {
    const { steps } = this.#options;
    const isPlain = steps.length === 0 && !this.#hasJsonFields;
    return isPlain ? this.#lines(undefined, sender) : this.#records(endingWith(), sender);
  }

  /** Opens what takes bytes whose records a splitter finds, whatever the format of other inputs is. */
  openRecords(splitter: Splitter, sender?: string): EntryStream {
    return this.#records(splitter, sender);
  }

  /** What writes entries that are whole already. */
  writer(): DraftWriter {
    return new DraftWriter(this.#maker, this.#times());
  }

  /** An entry that has nothing of its own yet, but for what its fields say if it is JSON. */
  draft(data: Uint8Array | string, sender?: string): Draft {
    return this.#draft(data, sender, this.#fieldTimes);
  }

  get #hasJsonFields(): boolean {
    const { framing, fields } = this.#options;
    return framing.kind === 'json' && Object.values(fields).some((name) => name !== undefined);
  }

  #draft(
    data: Uint8Array | string,
    sender: string | undefined,
    times: EntryTimes | undefined,
  ): Draft {
    const made = this.#maker.draft(data, sender);
    if (!this.#hasJsonFields) return made;
    const record = typeof data === 'string' ? Buffer.from(data) : data;
    setFields(made, fieldsOfJson(record), this.#options.fields, times);
    return made;
  }

  #lines(delimiter: Uint8Array | undefined, sender: string | undefined): EntryStream {
    const { tag, source = sender, maxBytes } = this.#options;
    const times = this.#times();
    return this.#muxer.lineWriter({
      tag: this.#muxer.negotiateTag(tag),
      maxLineBytes: maxBytes,
      ...(source === undefined ? {} : { source }),
      ...(delimiter === undefined ? {} : { delimiter }),
      ...(times === undefined ? {} : { timestamp: times.ofLine }),
    });
  }

  #records(splitter: Splitter, sender: string | undefined): EntryStream {
    const { framing, maxBytes, fields } = this.#options;
    const times = this.#times();
    const draft = (record: Buffer, value: unknown) => {
      const made = this.#draft(record, sender, times);
      if (framing.kind !== 'messagepack') return made;
      made.data = jsonOrText(value) ?? record;
      setFields(made, fieldsOfValue(value), fields, times);
      return made;
    };
    return new RecordStream(splitter, { draft, maxBytes }, new DraftWriter(this.#maker, times));
  }

  #times(): EntryTimes | undefined {
    const { times } = this.#options;
    return times === undefined ? undefined : new EntryTimes(times);
  }
}

function splitterOf(framing: Framing, maxBytes: number): Splitter {
  switch (framing.kind) {
    case 'lines':
      return endingWith(framing.delimiter);
    case 'json':
      return endingWith();
    case 'beginning with':
      return beginningWith(framing.delimiter);
    case 'beginning at':
      return beginningAt(framing.expression);
    case 'messagepack':
      return messagePack(maxBytes);
    case 'whole':
      return (bytes, from, isEnd) =>
        isEnd && from < bytes.length ? { from, to: bytes.length, after: bytes.length } : undefined;
  }
}
