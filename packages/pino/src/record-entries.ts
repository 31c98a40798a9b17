import { type EntryInput, Timestamp } from '@ringest/core';
import { type FieldSource, type FieldValues, fieldValues, readTime } from '@ringest/core/records';
import type { CheckedRecordOptions } from './record-options.js';

/** How pino writes the beginning of each record, unless it is told otherwise. */
const USUAL_START = /^\{"level":\d+,"time":(\d{1,16})[,}]/;

/** Makes entries of records. */
export class RecordEntries {
  readonly #options: CheckedRecordOptions;
  readonly #tag: number;
  readonly #needsFields: boolean;
  #undated = 0;

  constructor(options: CheckedRecordOptions, tag: number) {
    this.#options = options;
    this.#tag = tag;
    this.#needsFields = options.data === 'message' || options.fields.length > 0;
  }

  /** Records without a time that can be used: their entries have the time at which they were read. */
  get undated(): number {
    return this.#undated;
  }

  /** @param line a record, without its line feed */
  entryOf(line: string): EntryInput {
    const time = this.#needsFields ? undefined : USUAL_START.exec(line)?.[1];
    const tag = this.#tag;
    if (time !== undefined) return { tag, timestamp: Number(time), data: line };
    const record = recordOf(line);
    return {
      tag,
      timestamp: this.#timeOf(record?.time),
      data: this.#dataOf(line, record),
      enumeratedValues: this.#valuesOf(record),
    };
  }

  #timeOf(time: unknown): Timestamp {
    const read = readTime(time);
    if (read === undefined) this.#undated++;
    return read ?? Timestamp.now();
  }

  #dataOf(line: string, record: FieldSource | undefined): string {
    const { data, messageKey } = this.#options;
    const text = record?.[messageKey];
    return data === 'message' && typeof text === 'string' ? text : line;
  }

  #valuesOf(record: FieldSource | undefined): FieldValues {
    if (record === undefined) return {};
    const values = fieldValues(record, this.#options.fields);
    const { level } = values;
    if (typeof level === 'number') values.level = this.#options.levels.get(level) ?? level;
    return values;
  }
}

function recordOf(line: string): FieldSource | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as FieldSource) : undefined;
  } catch {
    return undefined;
  }
}
