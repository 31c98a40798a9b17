import { areGone, GONE } from '@ringest/codec';
import type { DetachedFrame } from '@ringest/workers';
import { InvalidArgumentError, WaitTimeoutError, WriteAbandonedError } from '../errors.js';
import type { Rings } from '../placing/rings.js';
import { checkWait, type WaitOptions } from '../wait.js';
import type { Dispatcher } from '../waiting/dispatcher.js';
import type { DittoWriter } from './ditto-writer.js';
import type { EntryWriter, ReceiptSource } from './entry-writer.js';
import type { FrameRuns } from './frame-runs.js';

/** The most bytes that go into a ring with one copy; at most a quarter of a block of the ring. */
const RUN_BYTES = 65_536;

const NONE_IS_APART = (): boolean => false;

/** What an inlet needs of its muxer. */
export interface FrameInletHost {
  readonly rings: Rings;
  readonly dispatcher: Dispatcher;
  readonly runs: FrameRuns;
  readonly dittos: DittoWriter;
  readonly writer: EntryWriter;
  /** `undefined`: the cache is no journal. */
  readonly receipts: ReceiptSource | undefined;
  /** @throws {RingestError} nothing may be written now */
  checkRunning(): void;
}

/** For what must be cut by tags, whether a lane refuses one of them or not. */
const EACH_APART = () => true;

/**
 * The way into a muxer for entries that are encoded already: frames as they stand on the wire (§4), with
 * tags of the muxer. Source, time, data and enumerated values stay as they are: nothing is attached, and neither
 * `sourceOverride` nor `timestampWindow` applies. It is how a relay hands on what ingesters send.
 *
 * It does not look into the enumerated values. An indexer ends the connection over malformed ones, and they would
 * be sent again and again: check them first, with `checkEnumeratedBlock` of `@ringest/codec`.
 */
export class FrameInlet {
  readonly #host: FrameInletHost;
  readonly #runBytes: number;
  readonly #isApart: (tag: number) => boolean;
  /** The receipt of the last write; `undefined`: there is none yet, or none was asked for since. */
  #receipt: Promise<void> | undefined;

  constructor(host: FrameInletHost) {
    this.#host = host;
    this.#isApart = (tag) => host.rings.isRefusedBySome(tag);
    const [lane] = host.rings.lanes;
    this.#runBytes = Math.min(RUN_BYTES, (lane?.writer.maxFrame ?? RUN_BYTES) / 4);
  }

  /**
   * Writes frames. They are copied before this returns, and their ids are cleared. If this throws, nothing was
   * written. The option `backlogBytes` does not limit this: write no more while the promise is pending.
   * @param frames whole frames, back to back
   * @returns `undefined` if there was room for all of them at once, otherwise a promise that resolves once
   *   they have found room in a ring or in the cache. It rejects with a `WriteAbandonedError` if the waiting
   *   ends early
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {NestedWriteError} the function `timestamp` of a line writer has called this
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used, or `frames` are not whole
   *   frames
   * @throws {DecodeError} the header of a block of enumerated values is malformed (§6)
   * @throws {UnknownTagError | TagRefusedError} an entry cannot have its tag
   * @throws {OversizedEntryError} an entry has more bytes of data than `maxEntrySize` (§5)
   * @throws {SystemLimitError} there is no memory for a large entry
   */
  write(frames: Buffer, options: WaitOptions = {}): Promise<void> | undefined {
    const { rings, dispatcher, runs, writer } = this.#host;
    writer.checkIsIdle(options);
    checkFrames(frames);
    const isApart = rings.isAnyRefused ? this.#isApart : NONE_IS_APART;
    const cut = runs
      .cut(frames, this.#runBytes, isApart)
      .map((run) => ({ ...run, frame: rings.detach(run.frame) }));
    const full = cut.findIndex((run) => !dispatcher.writeFrames(run));
    const accepted = entriesOf(full === -1 ? cut : cut.slice(0, full));
    const room =
      full === -1 ? undefined : dispatcher.enqueue(this.#kept(cut.slice(full)), accepted, options);
    this.#receipt = this.#stored(room, entriesOf(cut), options);
    // Its rejection is for the callers of `receipt`.
    this.#receipt?.catch(() => {});
    return room;
  }

  /**
   * Resolves once all that was written before is confirmed by an indexer; with the cache mode `journal`, once
   * it is stored on disk. It does not wait for what a timeout or a signal has ended the waiting for room of. Calls
   * without a write between them share a promise, and thousands may be pending.
   * @throws {TagRefusedError} everything is confirmed except entries whose tags every connected indexer refuses:
   *   `tags` names them. Others may come and accept them, so these entries are still kept
   * @throws what else `barrier` throws; with the cache mode `journal`, what a write throws there
   */
  receipt(): Promise<void> {
    if (this.#receipt === undefined) {
      const { receipts } = this.#host;
      const receipt = receipts === undefined ? this.#confirmed() : Promise.resolve();
      this.#receipt = receipt;
      // Its rejection is for the callers. The next one asks again: an indexer may have come that accepts more tags.
      receipt.catch(() => {
        if (this.#receipt === receipt) this.#receipt = undefined;
      });
    }
    return this.#receipt;
  }

  /**
   * Asks the indexers to confirm at once what was written before, and waits as `receipt` does without a journal.
   * @throws what `receipt` throws then
   */
  async force(): Promise<void> {
    this.#host.checkRunning();
    await this.#host.dispatcher.receipt(true);
  }

  /**
   * Sends a ditto block (§10): as `dittoWrite` of the muxer, with entries that are frames already.
   * @param frames the frames of the block, in pieces of whole frames. They are copied before this returns
   * @param options aborting the `signal` takes back a block that is not sent
   * @throws what `dittoWrite` throws, and what `write` throws about frames
   */
  async dittoWrite(
    frames: readonly Buffer[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const { runs, dittos } = this.#host;
    this.#host.checkRunning();
    checkWait(options);
    for (const piece of frames) checkFrames(piece);
    const cut = frames.flatMap((piece) => runs.cut(piece, Number.POSITIVE_INFINITY, EACH_APART));
    await dittos.writeFrames(cut, options.signal);
  }

  /** Resolves once everything accepted before is confirmed by indexers. */
  async #confirmed(): Promise<void> {
    this.#host.checkRunning();
    await this.#host.dispatcher.receipt(false);
  }

  /**
   * Resolves once a write, and all before it, is stored in the journal; `undefined`: there is no journal.
   * @param room rejects if the write is abandoned
   */
  #stored(
    room: Promise<void> | undefined,
    entries: number,
    options: WaitOptions,
  ): Promise<void> | undefined {
    const { receipts } = this.#host;
    const before = this.#receipt;
    const receipt = receipts?.receiptAfter(room, entries);
    if (room === undefined) return receipt;
    return receipt?.catch(async (error) => {
      if (!isGivenUp(error, options)) throw error;
      // It may stand for the writes of others. Those before it may still wait for room.
      await Promise.all([before, receipts?.receipt(0)]);
    });
  }

  /** Copies of what waits for room: each of one tag, which an indexer may come to refuse. */
  #kept(cut: readonly DetachedFrame[]): DetachedFrame[] {
    const { rings, runs } = this.#host;
    const byTag = cut.flatMap(({ frame }) => runs.cut(frame, this.#runBytes, EACH_APART));
    return byTag.map((run) => rings.keep(run));
  }
}

function entriesOf(runs: readonly DetachedFrame[]): number {
  return runs.reduce((sum, { entries }) => sum + entries, 0);
}

/** Whether a write was abandoned because its caller waited no longer. */
function isGivenUp(error: unknown, { signal }: WaitOptions): boolean {
  if (!(error instanceof WriteAbandonedError)) return false;
  return signal?.aborted === true || error.cause instanceof WaitTimeoutError;
}

function checkFrames(frames: Buffer): void {
  if (Buffer.isBuffer(frames) && !areGone(frames)) return;
  const wanted = Buffer.isBuffer(frames) ? `bytes with memory: ${GONE}` : 'a Buffer';
  throw new InvalidArgumentError('frames', frames, wanted);
}
