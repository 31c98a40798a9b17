import type { IngestMuxer } from '@ringest/core';
import type { TimeOptions } from '@ringest/timestamps';
import type { Step } from './draft.js';
import type { EntryStream } from './entry-account.js';
import { EntryMaker, type OnStepError } from './entry-maker.js';
import { EntryTimes } from './entry-times.js';
import { type FieldNames, jsonOrText, objectOf, setFields } from './record-fields.js';
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

  constructor(muxer: IngestMuxer, options: EntryOptions, say: (line: string) => void) {
    this.#muxer = muxer;
    this.#options = options;
    this.#maker = new EntryMaker(muxer, options, say);
  }

  /** @param source the address of who sends, unless another one was asked for */
  open(source = this.#options.source): EntryStream {
    const { framing, steps } = this.#options;
    const isPlain = framing.kind === 'lines' && steps.length === 0;
    return isPlain ? this.#lines(framing.delimiter, source) : this.#records(source);
  }

  #lines(delimiter: Uint8Array | undefined, source: string | undefined): EntryStream {
    const { tag, maxBytes, times } = this.#options;
    return this.#muxer.lineWriter({
      tag: this.#muxer.getTag(tag),
      maxLineBytes: maxBytes,
      ...(source === undefined ? {} : { source }),
      ...(delimiter === undefined ? {} : { delimiter }),
      ...(times === undefined ? {} : { timestamp: new EntryTimes(times).ofLine }),
    });
  }

  #records(source: string | undefined): EntryStream {
    const { framing, maxBytes, fields, times: timeOptions } = this.#options;
    const times = timeOptions === undefined ? undefined : new EntryTimes(timeOptions);
    const maker = this.#maker;
    const isObject = framing.kind === 'json' || framing.kind === 'messagepack';
    return new RecordStream(splitterOf(framing), {
      maxBytes,
      make: (record, value, refused) => {
        const draft = maker.draft(record);
        draft.source = source;
        if (isObject) {
          const object = framing.kind === 'json' ? objectOf(record) : value;
          if (framing.kind === 'messagepack') draft.data = jsonOrText(object) ?? record;
          setFields(draft, object, fields, times);
        }
        return maker.make(draft, times, refused);
      },
      write: (entries) => maker.write(entries),
      refused: (error) => maker.refused(error),
    });
  }
}

function splitterOf(framing: Framing): Splitter {
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
      return messagePack();
    case 'whole':
      return (bytes, from, isEnd) =>
        isEnd && from < bytes.length ? { from, to: bytes.length, after: bytes.length } : undefined;
  }
}
