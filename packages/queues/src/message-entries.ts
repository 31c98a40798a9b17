import { decodeEnumeratedBlock, RingestError } from '@ringest/codec';
import { type EntryInput, EnumeratedValue, type MuxerTag, Source, Timestamp } from '@ringest/core';
import { ENTRY_HEADERS } from './entry-headers.js';
import type { CheckedEntryOptions } from './entry-options.js';
import { UnreadableMessageError } from './errors.js';

/** What a queue says of its messages. One object for all of them: nothing is made for a message. */
export interface MessageReader<Message> {
  /** The tag of a message that no sink published. */
  tagOf(message: Message): MuxerTag;
  dataOf(message: Message): Uint8Array;
  /** The time that the queue has given it. */
  timeOf(message: Message): Timestamp;
  /** The first value of a header, as text. */
  headerOf(message: Message, name: string): string | undefined;
  /** What becomes the enumerated value: all values of a header. */
  valueOf(message: Message, name: string): string | Uint8Array | undefined;
  /** The names of all headers but those of the queue itself. */
  namesOf(message: Message): readonly string[];
}

/** Makes entries of messages. */
export class MessageEntries<Message> {
  readonly #options: CheckedEntryOptions;
  readonly #reader: MessageReader<Message>;
  readonly #negotiate: (name: string) => MuxerTag;
  #undated = 0;

  constructor(
    options: CheckedEntryOptions,
    reader: MessageReader<Message>,
    negotiate: (name: string) => MuxerTag,
  ) {
    this.#options = options;
    this.#reader = reader;
    this.#negotiate = negotiate;
  }

  /** Messages whose header with the time cannot be read: their entries have the time that the queue has given them. */
  get undated(): number {
    return this.#undated;
  }

  /**
   * @throws {NoTagError | InvalidTagError | TooManyTagsError} the message gets no tag
   * @throws {InvalidTimestampError | InvalidSourceError | InvalidEnumeratedValueError | DecodeError} a header is damaged
   * @throws {UnreadableMessageError} the client of the queue cannot read it
   */
  entryOf(message: Message): EntryInput {
    try {
      return this.#entryOf(message);
    } catch (error) {
      throw error instanceof RingestError ? error : new UnreadableMessageError(error);
    }
  }

  #entryOf(message: Message): EntryInput {
    if (this.#options.restore) {
      const tag = this.#reader.headerOf(message, ENTRY_HEADERS.tag);
      if (tag !== undefined) return this.#storedEntry(message, tag);
    }
    return {
      tag: this.#reader.tagOf(message),
      timestamp: this.#timeOf(message),
      data: this.#reader.dataOf(message),
      source: this.#sourceOf(message),
      enumeratedValues: this.#valuesOf(message),
    };
  }

  /** An entry that a sink has published: it comes out as it went in. */
  #storedEntry(message: Message, tag: string): EntryInput {
    const reader = this.#reader;
    const source = reader.headerOf(message, ENTRY_HEADERS.source) ?? '';
    const values = reader.headerOf(message, ENTRY_HEADERS.values) ?? '';
    return {
      tag: this.#negotiate(tag),
      timestamp: Timestamp.from(reader.headerOf(message, ENTRY_HEADERS.time) ?? ''),
      data: reader.dataOf(message),
      ...(source !== '' && { source: Source.from(source) }),
      ...(values !== '' && {
        enumeratedValues: decodeEnumeratedBlock(Buffer.from(values, 'base64')),
      }),
    };
  }

  #timeOf(message: Message): Timestamp {
    const { time } = this.#options;
    if (time === 'arrival') return Timestamp.now();
    if (time !== 'message') {
      const text = this.#reader.headerOf(message, time.header);
      try {
        return headerTime(text ?? '');
      } catch {
        this.#undated++;
        this.#options.onUndated(text);
      }
    }
    return this.#reader.timeOf(message);
  }

  #sourceOf(message: Message): Source | undefined {
    const { source } = this.#options;
    if (source === undefined || source instanceof Source) return source;
    const text = this.#reader.headerOf(message, source.header) ?? '';
    return text === '' ? undefined : Source.from(text);
  }

  #valuesOf(message: Message): readonly EnumeratedValue[] | undefined {
    const { headers: wanted } = this.#options;
    if (wanted.length === 0) return undefined;
    const names = wanted === 'all' ? this.#reader.namesOf(message) : wanted;
    if (names.length === 0) return undefined;
    const values: EnumeratedValue[] = [];
    for (const name of names) {
      const value = this.#reader.valueOf(message, name);
      if (value !== undefined) values.push(EnumeratedValue.infer(name, value));
    }
    return values.length === 0 ? undefined : values;
  }
}

/** RFC 3339 text, or seconds since 1970, with or without a fraction. */
function headerTime(text: string): Timestamp {
  const [, seconds, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (seconds === undefined) return Timestamp.from(text);
  return new Timestamp(Number(seconds), Number(fraction.padEnd(9, '0')));
}
