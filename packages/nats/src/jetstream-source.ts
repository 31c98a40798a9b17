import { setTimeout } from 'node:timers/promises';
import { type ConsumerMessages, JetStreamApiError, type JsMsg } from '@nats-io/jetstream';
import type { RingestError } from '@ringest/codec';
import type { EntryInput } from '@ringest/core';
import {
  type Batch,
  isAboutEntry,
  MessageEntries,
  NameTags,
  Receipts,
  Signal,
  type SourceMuxer,
} from '@ringest/queues';
import { findConsumer, type UsableConsumer } from './consumer.js';
import { JetStreamMessages } from './jetstream-messages.js';
import { bytesOf, MESSAGE_BYTES, PulledMessages } from './pulled-messages.js';
import {
  type CheckedSourceOptions,
  checkSourceOptions,
  type JetStreamSourceOptions,
} from './source-options.js';
import { leaveStaleConnections } from './stale-connections.js';

/** What a source has done so far. */
export interface JetStreamSourceStats {
  /** Messages that were pulled. */
  readonly received: number;
  /** Those among them that the server had delivered before, here or elsewhere. */
  readonly redelivered: number;
  /** Messages that were acknowledged, after their entries were confirmed. */
  readonly acknowledged: number;
  /** Times that no entry could be made of a message. */
  readonly poison: number;
  /** Messages that are never delivered again, because no entry can be made of them. */
  readonly terminated: number;
  /** Messages that were given back, to be delivered again. */
  readonly retried: number;
  /** Messages whose header with the time could not be read. */
  readonly undated: number;
  /** Messages that are here and not acknowledged yet. */
  readonly unconfirmed: number;
}

/** Messages whose entries wait for the same confirmation, at most. */
const GROUP = 1000;

/** A request for messages ends after so long, and the next one begins. */
const PULL_MS = 5000;

/** How long a server that does not answer is left in peace. */
const RETRY_MS = 200;

/** The server hears three times within its patience that messages are being worked on. */
const SIGNS_OF_WORK = 3;

/**
 * Makes entries of the messages of a JetStream stream. A message is acknowledged once the muxer's barrier says that its
 * entry is confirmed, so nothing is lost when the process, the server or an indexer fails: what was not acknowledged
 * is delivered again.
 */
export class JetStreamSource {
  readonly #muxer: SourceMuxer;
  readonly #options: CheckedSourceOptions;
  readonly #found: UsableConsumer;
  readonly #entries: MessageEntries<JsMsg>;
  readonly #pulled = new PulledMessages();
  readonly #receipts: Receipts<WrittenMessages>;
  readonly #signal = new Signal();
  #running: Promise<void> | undefined;
  #pull: ConsumerMessages | undefined;
  #stopping = false;
  #failure: Error | undefined;
  #group: JsMsg[] = [];
  #groupBytes = 0;
  /** What the largest message of the last request took. */
  #largest = 65_536;
  #received = 0;
  #acknowledged = 0;
  #redelivered = 0;
  #poison = 0;
  #terminated = 0;
  #retried = 0;

  private constructor(muxer: SourceMuxer, options: CheckedSourceOptions, found: UsableConsumer) {
    this.#muxer = muxer;
    this.#options = options;
    this.#found = found;
    const negotiate = (name: string) => muxer.negotiateTag(name);
    const messages = new JetStreamMessages(new NameTags(options.tag, 'subject', negotiate));
    this.#entries = new MessageEntries(options.entries, messages, negotiate);
    this.#receipts = new Receipts(() => muxer.barrier(), {
      confirmed: (batch) => this.#acknowledge(batch),
      lost: (batch) => this.#giveBack(batch),
      failed: this.#fail,
    });
  }

  /**
   * Finds the consumer. Nothing is pulled before `run`.
   * @param muxer writes the entries; it stays yours, and has to run for longer than the source
   * @throws {InvalidArgumentError | InvalidTagError | InvalidSourceError} an option cannot be used
   * @throws {ConsumerError} the consumer is not there, or is not one that a source can use
   */
  static async open(muxer: SourceMuxer, options: JetStreamSourceOptions): Promise<JetStreamSource> {
    const checked = checkSourceOptions(options);
    leaveStaleConnections(checked.connection);
    return new JetStreamSource(muxer, checked, await findConsumer(checked));
  }

  /**
   * Pulls messages and writes their entries until `stop`. Resolves when all that was written is acknowledged.
   * @throws {NotRunningError | AllTargetsFailedError | TagRefusedError} entries are not confirmed any more
   * @throws what the connection to NATS throws when it is closed, or the consumer is deleted
   */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /**
   * Stops pulling, gives the server back what is not written yet, and waits until the rest is acknowledged. What is
   * not, because the muxer is closed or fails before, will be delivered again.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#signal.tell();
    // Before it, `close` of a request that has just begun would not end it.
    await this.#pull?.close();
    await this.#running?.catch(() => {});
  }

  stats(): JetStreamSourceStats {
    return {
      received: this.#received,
      redelivered: this.#redelivered,
      acknowledged: this.#acknowledged,
      poison: this.#poison,
      terminated: this.#terminated,
      retried: this.#retried,
      undated: this.#entries.undated,
      unconfirmed: this.#held,
    };
  }

  /** Messages that are here and not acknowledged. */
  get #held(): number {
    return this.#pulled.count + this.#group.length + this.#receipts.messages;
  }

  get #heldBytes(): number {
    return this.#pulled.bytes + this.#groupBytes + this.#receipts.bytes;
  }

  get #ends(): boolean {
    return this.#stopping || this.#failure !== undefined;
  }

  async #run(): Promise<void> {
    const period = Math.max(1, this.#found.ackWaitMs / SIGNS_OF_WORK);
    const working = setInterval(() => this.#work(), period);
    try {
      await Promise.all([this.#pullAll().catch(this.#fail), this.#writeAll().catch(this.#fail)]);
      await this.#signal.until(() => this.#receipts.messages === 0 || this.#failure !== undefined);
    } finally {
      clearInterval(working);
    }
    const { connection } = this.#options;
    if (!connection.isClosed()) {
      this.#retried += this.#pulled.count;
      this.#pulled.giveBack();
      // The acknowledgements are on their way.
      await connection.flush().catch(this.#fail);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Pulls as many messages as may be here, and again when half of them are acknowledged. */
  async #pullAll(): Promise<void> {
    const { maxUnconfirmed, maxUnconfirmedBytes } = this.#options;
    const hasRoom = () =>
      this.#held <= maxUnconfirmed / 2 && this.#heldBytes <= maxUnconfirmedBytes / 2;
    while (!this.#ends) {
      await this.#signal.until(() => this.#ends || hasRoom());
      if (this.#ends) return;
      const bytes = (maxUnconfirmedBytes - this.#heldBytes) / this.#largest;
      const count = Math.max(1, Math.floor(Math.min(maxUnconfirmed - this.#held, bytes)));
      this.#largest = MESSAGE_BYTES;
      await this.#pullSome(count).catch((error: Error) => this.#recover(error));
    }
  }

  async #pullSome(count: number): Promise<void> {
    const { consumer } = this.#found;
    const messages = await consumer.fetch({ max_messages: count, expires: PULL_MS });
    this.#pull = messages;
    if (this.#ends) await messages.close();
    for await (const message of messages) {
      this.#take(message);
      if (this.#heldBytes > 2 * this.#options.maxUnconfirmedBytes) break;
    }
    this.#pull = undefined;
    const error = await messages.closed();
    if (error instanceof Error) throw error;
  }

  /** A server that is away, or slow, comes back. A consumer that was deleted does not. */
  async #recover(error: Error): Promise<void> {
    const { connection } = this.#options;
    if (connection.isClosed()) throw error;
    try {
      await this.#found.consumer.info();
    } catch (problem) {
      if (problem instanceof JetStreamApiError || connection.isClosed()) throw problem;
      await setTimeout(RETRY_MS);
    }
  }

  #take(message: JsMsg): void {
    this.#received++;
    if (message.redelivered) this.#redelivered++;
    this.#largest = Math.max(this.#largest, bytesOf(message));
    this.#pulled.add(message);
    this.#signal.tell();
  }

  async #writeAll(): Promise<void> {
    while (!this.#ends) {
      const message = this.#pulled.take();
      if (message === undefined) {
        this.#seal();
        await this.#signal.until(() => this.#ends || this.#pulled.count > 0);
        continue;
      }
      const wait = this.#write(message);
      if (wait !== undefined) await wait;
      if (this.#group.length >= GROUP) this.#seal();
    }
    this.#seal();
  }

  /** Writes the entry of a message. Returns a promise when the next one should wait for room. */
  #write(message: JsMsg): Promise<void> | undefined {
    let entry: EntryInput;
    let wait: Promise<void> | undefined;
    try {
      entry = this.#entries.entryOf(message);
      wait = this.#muxer.writeEntry(entry);
    } catch (error) {
      if (!isAboutEntry(error)) {
        message.nak();
        this.#retried++;
        throw error;
      }
      this.#refuse(message, error);
      return undefined;
    }
    this.#group.push(message);
    this.#groupBytes += bytesOf(message);
    return wait;
  }

  /** Lets what was written since the last call wait for its confirmation. */
  #seal(): void {
    if (this.#group.length === 0) return;
    const messages = this.#group;
    const bytes = this.#groupBytes;
    this.#group = [];
    this.#groupBytes = 0;
    this.#receipts.add({ messages, count: messages.length, bytes });
  }

  #acknowledge({ messages }: WrittenMessages): void {
    for (const message of messages) message.ack();
    this.#acknowledged += messages.length;
    this.#signal.tell();
  }

  /** The stream still has messages whose entries were dropped. */
  #giveBack({ messages }: WrittenMessages): void {
    for (const message of messages) message.nak();
    this.#retried += messages.length;
    this.#signal.tell();
  }

  #refuse(message: JsMsg, error: RingestError): void {
    const { poison, maxDeliveries, onPoison } = this.#options;
    const { deliveryCount, streamSequence } = message.info;
    const terminated = poison === 'terminate' || deliveryCount >= maxDeliveries;
    this.#poison++;
    if (terminated) {
      this.#terminated++;
      message.term();
    } else {
      this.#retried++;
      message.nak();
    }
    const { subject, data } = message;
    onPoison(error, {
      subject,
      sequence: streamSequence,
      data,
      deliveries: deliveryCount,
      terminated,
    });
    this.#signal.tell();
  }

  #work(): void {
    if (this.#options.connection.isClosed()) return;
    this.#pulled.working();
    for (const message of this.#group) message.working();
    for (const { messages } of this.#receipts.batches()) {
      for (const message of messages) message.working();
    }
  }

  readonly #fail = (error: Error): void => {
    this.#failure ??= error;
    this.#pull?.stop();
    this.#signal.tell();
  };
}

/** Messages that were written together. */
interface WrittenMessages extends Batch {
  readonly messages: readonly JsMsg[];
}
