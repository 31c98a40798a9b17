import { type EntryInput, Timestamp } from '@ringest/core';
import {
  type CommonRecordOptions,
  checkCommonOptions,
  checkOption,
  type FieldValues,
  fieldValues,
  readTime,
} from '@ringest/core/records';
import type { Logform } from 'winston';

/** How records of winston become entries. */
export interface RecordOptions extends CommonRecordOptions {
  /** The field with the time of a record, as `winston.format.timestamp()` adds it. Default: `timestamp`. */
  readonly timeKey?: string;
}

/** A record, after the formats of winston. */
export type Info = Logform.TransformableInfo;

/** The keys under which winston keeps the name of the level, and the text that its formats have made. */
const LEVEL = Symbol.for('level');
const MESSAGE = Symbol.for('message');

/** Makes entries of records. */
export class RecordEntries {
  readonly #options: Required<RecordOptions>;
  #undated = 0;

  /** @throws {InvalidArgumentError} an option cannot be used */
  constructor(options: RecordOptions) {
    const common = checkCommonOptions(options);
    const { timeKey = 'timestamp' } = options;
    checkOption('timeKey', timeKey, typeof timeKey === 'string', 'the name of a field');
    this.#options = { ...common, timeKey };
  }

  /** The name of the tag. */
  get tag(): string {
    return this.#options.tag;
  }

  /** Records with a time that cannot be read: their entries have the time at which they were made. */
  get undated(): number {
    return this.#undated;
  }

  /** Makes an entry with the number of a tag. */
  entryOf(info: Info, tag: number): EntryInput {
    return {
      tag,
      timestamp: this.#timeOf(info[this.#options.timeKey]),
      data: this.#dataOf(info),
      enumeratedValues: this.#valuesOf(info),
    };
  }

  #timeOf(time: unknown): Timestamp {
    const read = readTime(time);
    if (read === undefined && time !== undefined) this.#undated++;
    return read ?? Timestamp.now();
  }

  #dataOf(info: Info): string {
    const { message } = info;
    if (this.#options.data === 'message' && typeof message === 'string') return message;
    const text = info[MESSAGE];
    return typeof text === 'string' ? text : JSON.stringify(info);
  }

  #valuesOf(info: Info): FieldValues {
    const values = fieldValues(info, this.#options.fields);
    const level = info[LEVEL];
    // A format may have put colours around the level of the record.
    if (values.level !== undefined && typeof level === 'string') values.level = level;
    return values;
  }
}
