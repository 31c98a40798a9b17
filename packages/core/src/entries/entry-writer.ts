import { type EntryInput, MAX_DATA_BYTES } from '@ringest/codec';
import { NestedWriteError } from '../errors.js';
import type { Placer } from '../placing/placer.js';
import { checkWait, type WaitOptions } from '../wait.js';
import type { Dispatcher } from '../waiting/dispatcher.js';
import { BatchWriter } from './batch-writer.js';
import { CheckedEntry, type EntryExtras } from './checked-entry.js';
import { LineWriter, type LineWriterOptions } from './line-writer.js';
import type { MuxerTags } from './muxer-tags.js';
import { PackedEntries, type PackedOptions } from './packed-entries.js';
import { type CountedRun, RunWriter } from './run-writer.js';

/** The promises of writes that are more than a promise of room; `undefined`: there is none. */
export interface ReceiptSource {
  receipt(entries: number, options?: WaitOptions): Promise<void> | undefined;
  receiptAfter(
    room: Promise<void> | undefined,
    entries: number,
    options?: WaitOptions,
  ): Promise<void> | undefined;
}

/** What an entry writer needs of its muxer, or of its producer. */
export interface EntryWriterHost {
  readonly tags: MuxerTags;
  readonly extras: EntryExtras;
  readonly placer: Placer;
  readonly dispatcher: Dispatcher;
  /** `undefined`: room is all that writes wait for. */
  readonly receipts: ReceiptSource | undefined;
  /** @throws {RingestError} nothing may be written now */
  checkRunning(): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** All ways to write entries. `IngestMuxer` says what they promise, and what they throw. */
export class EntryWriter {
  readonly #host: EntryWriterHost;
  readonly #parts: CheckedEntry;
  readonly #placer: Placer;
  readonly #dispatcher: Dispatcher;
  readonly #receipts: ReceiptSource | undefined;
  readonly #batches: BatchWriter;
  readonly #runs: RunWriter;
  readonly #packed: PackedEntries;

  constructor(host: EntryWriterHost) {
    const { tags, extras, placer, dispatcher, receipts } = host;
    this.#host = host;
    this.#parts = new CheckedEntry(tags, extras);
    this.#placer = placer;
    this.#dispatcher = dispatcher;
    this.#receipts = receipts;
    this.#batches = new BatchWriter(this.#parts, placer, dispatcher);
    this.#runs = new RunWriter(placer, dispatcher);
    this.#packed = new PackedEntries(tags, extras);
  }

  /** Whether a run is being written, and something that it calls is at work. */
  get isWriting(): boolean {
    return this.#runs.isWriting;
  }

  writeEntry(entry: EntryInput, options?: WaitOptions): Promise<void> | undefined {
    this.#checkMayWrite(options);
    this.#parts.check(entry);
    if (this.#dispatcher.write(this.#parts)) return this.#receipts?.receipt(1, options);
    this.#placer.copy(this.#parts);
    const room = this.#dispatcher.enqueueCopies(0, options ?? {});
    return this.#receiptAfter(room, 1, options);
  }

  writeBatch(entries: readonly EntryInput[], options?: WaitOptions): Promise<void> | undefined {
    this.#checkMayWrite(options);
    const room = this.#batches.write(entries, options ?? {});
    return this.#receiptAfter(room, entries.length, options);
  }

  writePacked(
    bytes: Uint8Array,
    offsets: Uint32Array,
    options: PackedOptions,
  ): Promise<void> | undefined {
    this.#checkMayWrite(options);
    return this.#writeRuns([this.#packed.check(bytes, offsets, options)], options);
  }

  lineWriter(options: LineWriterOptions): LineWriter {
    const { tags, extras } = this.#host;
    return new LineWriter(options, {
      parts: new CheckedEntry(tags, extras),
      maxEntrySize: extras.maxEntrySize ?? MAX_DATA_BYTES,
      window: extras.window,
      writeRuns: (runs, wait) => this.#writeRuns(runs, wait),
      checkMayWrite: (wait) => this.#checkMayWrite(wait),
      warn: (fields, message) => this.#host.warn(fields, message),
    });
  }

  #writeRuns(
    runs: readonly CountedRun[],
    options: WaitOptions | undefined,
  ): Promise<void> | undefined {
    const room = this.#runs.write(runs, options ?? {});
    if (this.#receipts === undefined) return room;
    const entries = runs.reduce((sum, { written }) => sum + written, 0);
    return this.#receipts.receiptAfter(room, entries, options);
  }

  #receiptAfter(
    room: Promise<void> | undefined,
    entries: number,
    options: WaitOptions | undefined,
  ): Promise<void> | undefined {
    const receipts = this.#receipts;
    return receipts === undefined ? room : receipts.receiptAfter(room, entries, options);
  }

  /** Checks all that a write demands, but for the backlog. */
  checkIsIdle(options: WaitOptions | undefined): void {
    this.#host.checkRunning();
    if (this.#runs.isWriting) throw new NestedWriteError();
    checkWait(options);
  }

  #checkMayWrite(options: WaitOptions | undefined): void {
    this.checkIsIdle(options);
    this.#dispatcher.checkBacklog();
  }
}
