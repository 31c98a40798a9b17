import { type EntryInput, type EnumeratedScalar, type MuxerTag, Timestamp } from '@ringest/core';
import type { CheckedRecordOptions } from './record-options.js';

/** How pino writes the beginning of each record, unless it is told otherwise. */
const USUAL_START = /^\{"level":\d+,"time":(\d{1,16})[,}]/;

/** Makes entries of records. */
export class RecordEntries {
  readonly #options: CheckedRecordOptions;
  readonly #tag: MuxerTag;
  readonly #needsFields: boolean;
  #undated = 0;

  constructor(options: CheckedRecordOptions, tag: MuxerTag) {
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
    try {
      if (typeof time === 'number' || typeof time === 'string') return Timestamp.from(time);
    } catch {
      // It is counted as one without a time.
    }
    this.#undated++;
    return Timestamp.now();
  }

  #dataOf(line: string, record: Fields | undefined): string {
    const { data, messageKey } = this.#options;
    const text = record?.[messageKey];
    return data === 'message' && typeof text === 'string' ? text : line;
  }

  #valuesOf(record: Fields | undefined): Record<string, EnumeratedScalar> {
    const values: Record<string, EnumeratedScalar> = {};
    if (record === undefined) return values;
    for (const name of this.#options.fields) {
      const field = name === 'level' ? this.#levelOf(record[name]) : record[name];
      if (field === undefined || field === null) continue;
      values[name] = isScalar(field) ? field : JSON.stringify(field);
    }
    return values;
  }

  #levelOf(level: unknown): unknown {
    return typeof level === 'number' ? (this.#options.levels.get(level) ?? level) : level;
  }
}

interface Fields {
  readonly time?: unknown;
  readonly [name: string]: unknown;
}

function recordOf(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
