import type { Duplex } from 'node:stream';
import { API_VERSION, MAX_DATA_BYTES } from '@ringest/codec';
import { ReadPacer } from '../behaviour/read-pacer.js';
import { endStream } from '../end-stream.js';
import { ConnectionLostError } from '../errors.js';
import { IdleWatch } from './idle-watch.js';
import { type EntryHandler, MessageReader, type ReaderLimits } from './message-reader.js';
import { ReplyWriter } from './reply-writer.js';

/**
 * The indexer's side of a hot connection (§4): it reads entries and commands, answers, and confirms all
 * entries in bulk, in their order.
 *
 * The reference indexer skips unknown words four bytes at a time. Here they end the connection, as
 * all malformed bytes do: an indexer that has lost its place in the stream could only store garbage, and
 * unconfirmed entries are sent again on another connection.
 */
export class EntryReader {
  readonly #stream: Duplex;
  readonly #replies: ReplyWriter;
  readonly #messages: MessageReader;
  readonly #pacer: ReadPacer;
  readonly #watch: IdleWatch;
  #flushScheduled = false;
  #running = false;
  #ended = false;
  #stop: (error?: unknown) => void = () => {};

  /**
   * @param stream an ingester's connection, paused after the handshake.
   * @param limits what it takes. Default: the newest API version, and all that the protocol allows.
   */
  constructor(stream: Duplex, handler: EntryHandler, limits: Partial<ReaderLimits> = {}) {
    this.#stream = stream;
    const replies = new ReplyWriter(stream, {
      drained: () => this.#resume(),
      delivered: () => {
        if (this.#ended) this.stop();
      },
      beforeConfirm: () => handler.beforeConfirm?.(),
      dittoBlock: (entries) => handler.onDittoBlock?.(entries),
      failed: (error) => this.#stop(error),
    });
    const { apiVersion = API_VERSION, maxEntryBytes = MAX_DATA_BYTES } = limits;
    const messages = new MessageReader(handler, replies, { apiVersion, maxEntryBytes });
    const pacer = new ReadPacer(() => this.#resume());
    const stop = (error: unknown) => this.#stop(error);
    this.#replies = replies;
    this.#messages = messages;
    this.#pacer = pacer;
    this.#watch = new IdleWatch({ replies, messages, pacer, stop });
  }

  /**
   * Reads until the ingester or {@link stop} ends the connection. All entries that were read are
   * confirmed before the end: after their delay if the ingester ends the connection, otherwise at once.
   * It waits for the promises of the handler, unless the connection is gone.
   *
   * @param first bytes that arrived together with the end of the handshake.
   * @throws {DecodeError} if the ingester sends malformed bytes.
   * @throws {ConnectionLostError} if the ingester ends the connection in the middle of a message.
   * @throws {IngesterTimeoutError} after ten minutes of silence.
   * @throws the error of the stream, or what the {@link EntryHandler} throws.
   */
  async run(first?: Buffer): Promise<void> {
    const stream = this.#stream;
    const receive = (chunk: Buffer) => this.#receive(chunk);
    this.#watch.start();
    try {
      await new Promise<void>((resolve, reject) => {
        this.#running = true;
        this.#stop = (error) => {
          this.#running = false;
          if (error === undefined) resolve();
          else reject(error);
        };
        stream.on('data', receive);
        stream.on('error', this.#stop);
        stream.on('end', () => this.#end());
        stream.on('close', () => this.#stop());
        if (first !== undefined) this.#receive(first);
        if (stream.destroyed) this.#stop(stream.errored ?? undefined);
        else this.#resume();
      });
      await this.#settled();
    } finally {
      this.#watch.stop();
      this.#pacer.stop();
      stream.off('data', receive);
      try {
        this.#replies.finish();
      } finally {
        endStream(stream);
      }
    }
  }

  /** How long confirmations are delayed, in milliseconds. Confirmations that wait already keep their delay. */
  set ackDelay(milliseconds: number) {
    this.#replies.ackDelay = milliseconds;
  }

  /** The rate of reading, in bytes per second; 0: no limit. */
  set readRate(bytesPerSecond: number) {
    this.#pacer.rate = bytesPerSecond;
  }

  /** The memory for an incomplete message, in bytes: at most about twice what has arrived. */
  get heldBytes(): number {
    return this.#messages.heldBytes;
  }

  /** Confirms the entries that were read and ends the connection. {@link run} returns then. */
  stop(): void {
    this.#stop();
  }

  /**
   * Sends THROTTLE (§4), which pauses the ingester for at most 5 s. Nothing is confirmed until it is over.
   */
  throttle(nanoseconds: number): void {
    this.#attempt(() => this.#replies.throttle(nanoseconds));
  }

  /** Sends THROTTLE (§4) if the ingester has sent entries since the last call. */
  throttleIfBusy(nanoseconds: number): void {
    if (!this.#running || this.#messages.configurationIsNext) return;
    if (this.#replies.takeConfirmed()) this.throttle(nanoseconds);
  }

  /** Does what ends the connection if it fails. */
  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#stop(error);
    }
  }

  /** Waits until everything is confirmed that can be. */
  async #settled(): Promise<void> {
    const stream = this.#stream;
    if (stream.destroyed) return;
    await new Promise<void>((resolve, reject) => {
      this.#stop = (error) => (error === undefined ? resolve() : reject(error));
      this.#replies.settled().then(resolve, reject);
    });
  }

  /** Whether nothing more may be read for now. */
  get #isPaused(): boolean {
    return this.#replies.congested || this.#replies.isTaking || this.#pacer.isPausing;
  }

  #resume(): void {
    if (this.#running && !this.#isPaused) this.#stream.resume();
  }

  #receive(chunk: Buffer): void {
    if (!this.#running) return;
    this.#watch.heard();
    this.#pacer.took(chunk.length);
    this.#attempt(() => this.#messages.read(chunk));
    if (!this.#running) return;
    if (this.#replies.pending && !this.#flushScheduled) {
      // One write for all that the event loop reads in this turn.
      this.#flushScheduled = true;
      setImmediate(() => this.#flush());
    }
    if (this.#isPaused) this.#stream.pause();
  }

  #end(): void {
    if (this.#messages.isInMessage) {
      this.#stop(new ConnectionLostError('a message'));
      return;
    }
    this.#ended = true;
    this.#attempt(() => this.#replies.flush());
    if (!this.#replies.isDelivering) this.stop();
  }

  #flush(): void {
    this.#flushScheduled = false;
    if (this.#running) this.#attempt(() => this.#replies.flush());
  }
}
