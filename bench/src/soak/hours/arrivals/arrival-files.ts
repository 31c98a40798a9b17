import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ArrivedEntry } from '../soak-entries.js';

/**
 * What has arrived at an indexer, in files that one process writes and another one reads. A record is
 * two numbers of 32 bits: the stream, with a bit for what was altered, and the number of the entry.
 * Each is in its file before the entry is confirmed. A file that is full is followed by another one, and
 * the reader removes it: the files of a soak stay small however long it is.
 */
const RECORD_BYTES = 8;
const RECORDS = 8192;
const MAX_FILE_BYTES = 8 * 2 ** 20;

/** Marks an entry that is not as it was made. */
const ALTERED = 2 ** 31;
/** Stands for the stream of what is no entry of a soak. */
const FOREIGN = 2 ** 31 - 1;

const NAME = /^arrived-(.+)-(\d{6})$/;

function fileName(indexer: string, part: number): string {
  return `arrived-${indexer}-${`${part}`.padStart(6, '0')}`;
}

/** Names of an indexer's files, in order. */
function filesOf(folder: string, indexer: string): string[] {
  return readdirSync(folder)
    .filter((name) => NAME.exec(name)?.[1] === indexer)
    .toSorted();
}

/** Writes down what arrives. */
export class ArrivalWriter {
  readonly #folder: string;
  readonly #indexer: string;
  readonly #records = new Uint32Array(RECORDS * 2);
  #length = 0;
  #part: number;
  #file: number;

  /** Goes on after the files that a killed process has left. */
  constructor(folder: string, indexer: string) {
    this.#folder = folder;
    this.#indexer = indexer;
    const last = filesOf(folder, indexer).at(-1);
    this.#part = last === undefined ? 0 : Number(NAME.exec(last)?.[2]) + 1;
    this.#file = this.#open();
  }

  add(entry: ArrivedEntry | undefined): void {
    const { stream, number, isIntact } = entry ?? { stream: FOREIGN, number: 0, isIntact: true };
    this.#records[this.#length++] = isIntact ? stream : stream + ALTERED;
    this.#records[this.#length++] = number;
    if (this.#length === this.#records.length) this.flush();
  }

  /** Writes what was added. */
  readonly flush = (): void => {
    const bytes = new Uint8Array(this.#records.buffer, 0, this.#length * 4);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    this.#length = 0;
    if (fstatSync(this.#file).size < MAX_FILE_BYTES) return;
    closeSync(this.#file);
    this.#part++;
    this.#file = this.#open();
  };

  #open(): number {
    return openSync(join(this.#folder, fileName(this.#indexer, this.#part)), 'a');
  }
}

/** Who is told of arrivals. */
export interface ArrivalSink {
  add(stream: number, number: number): void;
  addAltered(stream: number, number: number): void;
  addForeign(): void;
}

/** Reads what one indexer has written down since the last look, and removes files that are done. */
export class ArrivalReader {
  readonly #folder: string;
  readonly #indexer: string;
  readonly #bytes = new Uint8Array(RECORDS * RECORD_BYTES);
  #name: string | undefined;
  #offset = 0;

  constructor(folder: string, indexer: string) {
    this.#folder = folder;
    this.#indexer = indexer;
  }

  read(sink: ArrivalSink): void {
    for (const name of filesOf(this.#folder, this.#indexer)) {
      if (this.#name !== name) {
        this.#removeRead();
        this.#name = name;
        this.#offset = 0;
      }
      this.#readFile(join(this.#folder, name), sink);
    }
  }

  /** The file before is written no more: it was listed with one after it, and read after that. */
  #removeRead(): void {
    if (this.#name !== undefined) rmSync(join(this.#folder, this.#name));
  }

  #readFile(path: string, sink: ArrivalSink): void {
    if (statSync(path).size - this.#offset < RECORD_BYTES) return;
    const file = openSync(path, 'r');
    try {
      for (;;) {
        const read = readSync(file, this.#bytes, 0, this.#bytes.length, this.#offset);
        // A killed process may leave half a record, which was not confirmed, at the end of its last file.
        const records = Math.floor(read / RECORD_BYTES);
        if (records === 0) return;
        this.#offset += records * RECORD_BYTES;
        addAll(new Uint32Array(this.#bytes.buffer, 0, records * 2), sink);
      }
    } finally {
      closeSync(file);
    }
  }
}

function addAll(records: Uint32Array, sink: ArrivalSink): void {
  for (let i = 0; i < records.length; i += 2) {
    const stream = records[i] as number;
    const number = records[i + 1] as number;
    if (stream === FOREIGN) sink.addForeign();
    else if (stream >= ALTERED) sink.addAltered(stream - ALTERED, number);
    else sink.add(stream, number);
  }
}
