import type { Duplex } from 'node:stream';
import { API_VERSION } from '@ringest/codec';
import { IdleWatch } from '../behaviour/idle-watch.js';
import { ReadPacer } from '../behaviour/read-pacer.js';
import { ConnectionLostError } from '../errors.js';
import { endStream } from './end-stream.js';
import { type EntryHandler, MessageReader } from './message-reader.js';
import { ReplyWriter } from './reply-writer.js';

/**
 * The indexer's half of a connection from the state HOT on (§4): reads entries and commands in any
 * chunking, answers, and confirms every entry in bulk, in the order they came.
 *
 * The reference indexer skips unknown words four bytes at a time. Here they end the connection, as
 * all malformed bytes do: whoever has lost the stream could only store garbage, and what is not
 * confirmed is sent again on another connection.
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
   * @param apiVersion the indexer's, 0..9: what is newer is malformed.
   */
  constructor(stream: Duplex, handler: EntryHandler, apiVersion: number = API_VERSION) {
    this.#stream = stream;
    const replies = new ReplyWriter(stream, {
      drained: () => this.#resume(),
      delivered: () => {
        if (this.#ended) this.stop();
      },
      beforeConfirm: () => handler.beforeConfirm?.(),
    });
    const messages = new MessageReader(handler, replies, apiVersion);
    const pacer = new ReadPacer(() => this.#resume());
    const stop = (error: unknown) => this.#stop(error);
    this.#replies = replies;
    this.#messages = messages;
    this.#pacer = pacer;
    this.#watch = new IdleWatch({ replies, messages, pacer, stop });
  }

  /**
   * Reads until the ingester ends the connection, or {@link stop} does; the stream is ended then.
   * However it ends, the entries that were taken are confirmed before: in their time if they are
   * delayed and it is the ingester that ends it, else at once.
   *
   * @param first bytes that arrived already, with the end of the handshake.
   * @throws {DecodeError} if the ingester sends anything but the protocol.
   * @throws {ConnectionLostError} if the ingester ends the connection in the middle of a message.
   * @throws {IngesterTimeoutError} after ten minutes of silence.
   * @throws the stream's own error, or whatever the {@link EntryHandler} throws.
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

  /** By how many milliseconds confirmations leave later. What waits already keeps its time. */
  set ackDelay(milliseconds: number) {
    this.#replies.ackDelay = milliseconds;
  }

  /** How many bytes are read in a second, 0 for as many as come. */
  set readRate(bytesPerSecond: number) {
    this.#pacer.rate = bytesPerSecond;
  }

  /** Bytes of memory held for a message that has not arrived whole: about twice what has arrived. */
  get heldBytes(): number {
    return this.#messages.heldBytes;
  }

  /** Confirms what was taken and ends the connection. {@link run} returns. */
  stop(): void {
    this.#stop();
  }

  /**
   * Tells the ingester to stop sending for a while: at most 5 s, says the protocol (§4). So long
   * nothing is confirmed.
   */
  throttle(nanoseconds: number): void {
    this.#attempt(() => this.#replies.throttle(nanoseconds));
  }

  /** Throttles the ingester if it has sent entries since this was called last. */
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

  #resume(): void {
    if (this.#running && !this.#replies.congested && !this.#pacer.isPausing) this.#stream.resume();
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
    if (this.#replies.congested || this.#pacer.isPausing) this.#stream.pause();
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
