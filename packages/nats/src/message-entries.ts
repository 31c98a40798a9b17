import type { JsMsg } from '@nats-io/jetstream';
import { decodeEnumeratedBlock } from '@ringest/codec';
import { type EntryInput, type EnumeratedInput, Source, Timestamp } from '@ringest/core';
import { ENTRY_HEADERS } from './entry-headers.js';
import type { CheckedSourceOptions } from './source-options.js';
import type { SubjectTags } from './subject-tags.js';

const NANOSECONDS = 1_000_000_000n;

/** Makes entries of messages. */
export class MessageEntries {
  readonly #options: CheckedSourceOptions;
  readonly #tags: SubjectTags;
  readonly #negotiate: (name: string) => number;
  #undated = 0;

  constructor(
    options: CheckedSourceOptions,
    tags: SubjectTags,
    negotiate: (name: string) => number,
  ) {
    this.#options = options;
    this.#tags = tags;
    this.#negotiate = negotiate;
  }

  /** Messages whose header with the time cannot be read: their entries have the time at which they were stored. */
  get undated(): number {
    return this.#undated;
  }

  /**
   * @throws {NoTagError | InvalidTagError | TooManyTagsError} the message gets no tag
   * @throws {InvalidSourceError | InvalidEnumeratedValueError} a header that a sink wrote is damaged
   */
  entryOf(message: JsMsg): EntryInput {
    const { headers } = message;
    if (this.#options.restore && headers?.has(ENTRY_HEADERS.tag)) return this.#storedEntry(message);
    return {
      tag: this.#tags.tagOf(message.subject),
      timestamp: this.#timeOf(message),
      data: message.data,
      source: this.#sourceOf(message),
      enumeratedValues: this.#valuesOf(message),
    };
  }

  /** An entry that a sink has published: it comes out as it went in. */
  #storedEntry({ headers, data }: JsMsg): EntryInput {
    const source = headers?.get(ENTRY_HEADERS.source) ?? '';
    const values = headers?.get(ENTRY_HEADERS.values) ?? '';
    return {
      tag: this.#negotiate(headers?.get(ENTRY_HEADERS.tag) ?? ''),
      timestamp: Timestamp.from(headers?.get(ENTRY_HEADERS.time) ?? ''),
      data,
      ...(source !== '' && { source: Source.from(source) }),
      ...(values !== '' && {
        enumeratedValues: decodeEnumeratedBlock(Buffer.from(values, 'base64')),
      }),
    };
  }

  #timeOf(message: JsMsg): Timestamp {
    const { time } = this.#options;
    if (time === 'arrival') return Timestamp.now();
    if (time !== 'stored') {
      try {
        return headerTime(message.headers?.get(time.header) ?? '');
      } catch {
        this.#undated++;
      }
    }
    // A number cannot hold the nanoseconds since 1970.
    const stored = message.timestampNanos;
    return new Timestamp(Number(stored / NANOSECONDS), Number(stored % NANOSECONDS));
  }

  #sourceOf({ headers }: JsMsg): Source | undefined {
    const { source } = this.#options;
    if (source === undefined || source instanceof Source) return source;
    const text = headers?.get(source.header) ?? '';
    return text === '' ? undefined : Source.from(text);
  }

  #valuesOf({ headers }: JsMsg): EnumeratedInput | undefined {
    const { headers: wanted } = this.#options;
    if (headers === undefined || wanted.length === 0) return undefined;
    const names = wanted === 'all' ? headers.keys().filter((name) => !INTERNAL.test(name)) : wanted;
    const values: Record<string, string> = {};
    for (const name of names) {
      const found = headers.values(name);
      if (found.length > 0) values[name] = found.join(', ');
    }
    return values;
  }
}

/** Headers that NATS itself uses. */
const INTERNAL = /^nats-/i;

/** RFC 3339 text, or seconds since 1970, with or without a fraction. */
function headerTime(text: string): Timestamp {
  const [, seconds, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (seconds === undefined) return Timestamp.from(text);
  return new Timestamp(Number(seconds), Number(fraction.padEnd(9, '0')));
}
