import type { JsMsg } from '@nats-io/jetstream';
import type { RingestError } from '@ringest/codec';
import { MAX_TIMER_MS } from '@ringest/core';
import {
  type Batch,
  isAboutEntry,
  MessageEntries,
  NameTags,
  PatientWriter,
  Receipts,
  Signal,
  type SourceMuxer,
} from '@ringest/queues';
import { Answers } from './answers.js';
import { findConsumer, type UsableConsumer } from './consumer.js';
import { deliveriesOf, isDelivery, replyOf, sequenceOf } from './delivery.js';
import { JetStreamMessages } from './jetstream-messages.js';
import { bytesOf, MESSAGE_BYTES, PulledMessages } from './pulled-messages.js';
import { Requests } from './requests.js';
import {
  type CheckedSourceOptions,
  checkSourceOptions,
  type JetStreamSourceOptions,
} from './source-options.js';
import type { JetStreamSourceStats } from './source-stats.js';
import { leaveStaleConnections } from './stale-connections.js';

/** Messages whose entries wait for the same confirmation, at most. */
const GROUP = 1000;

/** The server hears three times within its patience that messages are being worked on. */
const SIGNS_OF_WORK = 3;

/** What a message takes at most, as long as none has come, about. */
const LARGE = 65_536;

/**
 * Makes entries of the messages of a JetStream stream. A message is acknowledged once the muxer's barrier says that its
 * entry is confirmed, so nothing is lost when the process, the server or an indexer fails: what was not acknowledged
 * is delivered again.
 */
export class JetStreamSource {
  readonly #writer: PatientWriter;
  readonly #options: CheckedSourceOptions;
  readonly #ackWaitMs: number;
  readonly #entries: MessageEntries<JsMsg>;
  readonly #requests: Requests;
  readonly #pulled = new PulledMessages();
  readonly #receipts: Receipts<WrittenMessages>;
  readonly #answers: Answers;
  readonly #signal = new Signal();
  #running: Promise<void> | undefined;
  #isStopping = false;
  #failure: Error | undefined;
  /** Of messages that were written, only the subjects for their acknowledgements are kept. */
  #group: string[] = [];
  #groupBytes = 0;
  /** What the largest message took of the last request that brought any. */
  #largest = LARGE;
  #received = 0;
  #acknowledged = 0;
  #redelivered = 0;
  #poison = 0;
  #terminated = 0;
  #retried = 0;

  private constructor(muxer: SourceMuxer, options: CheckedSourceOptions, found: UsableConsumer) {
    const { connection, onTrouble } = options;
    this.#writer = new PatientWriter(muxer);
    this.#options = options;
    this.#ackWaitMs = found.ackWaitMs;
    const negotiate = (name: string) => muxer.negotiateTag(name);
    const messages = new JetStreamMessages(new NameTags(options.tag, 'subject', negotiate));
    this.#entries = new MessageEntries(options.entries, messages, negotiate);
    this.#requests = new Requests(found, {
      connection,
      onTrouble,
      take: (message) => this.#take(message),
    });
    this.#answers = new Answers(connection, found.ackWaitMs, {
      acknowledged: (count) => {
        this.#acknowledged += count;
        this.#signal.tell();
      },
      failed: this.#fail,
    });
    this.#receipts = new Receipts(() => this.#writer.barrier(), {
      confirmed: ({ replies }) => {
        this.#answers.acknowledge(replies);
        this.#signal.tell();
      },
      lost: (batch) => this.#giveBackLost(batch),
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
   * @throws {NotRunningError | AllTargetsFailedError} entries are not confirmed any more
   * @throws {TagRefusedError | TooManyTagsError} no indexer takes a tag, or there are too many. Messages with it are
   *   delivered again
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
    this.#isStopping = true;
    this.#end();
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
      unconfirmed: this.#held + this.#answers.unheard,
    };
  }

  /** Messages that are here and were not told to the server. */
  get #held(): number {
    return this.#pulled.count + this.#group.length + this.#receipts.messages;
  }

  get #heldBytes(): number {
    return this.#pulled.bytes + this.#groupBytes + this.#receipts.bytes;
  }

  get #ends(): boolean {
    return this.#isStopping || this.#failure !== undefined;
  }

  async #run(): Promise<void> {
    const period = Math.min(MAX_TIMER_MS, Math.max(1, this.#ackWaitMs / SIGNS_OF_WORK));
    const working = setInterval(() => this.#work(), period);
    try {
      await Promise.all([this.#pullAll().catch(this.#fail), this.#writeAll().catch(this.#fail)]);
      const isDone = () => this.#receipts.messages === 0 && this.#answers.unheard === 0;
      await this.#signal.until(() => isDone() || this.#failure !== undefined);
    } finally {
      clearInterval(working);
    }
    await this.#answers.sent();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Pulls as many messages as may be here, and again when half of them are acknowledged. */
  async #pullAll(): Promise<void> {
    const { maxUnconfirmed, maxUnconfirmedBytes } = this.#options;
    const hasRoom = () =>
      this.#held <= maxUnconfirmed / 2 && this.#heldBytes <= maxUnconfirmedBytes / 2;
    for (;;) {
      await this.#signal.until(() => this.#ends || hasRoom());
      if (this.#ends) return;
      const bytes = (maxUnconfirmedBytes - this.#heldBytes) / this.#largest;
      const count = Math.max(1, Math.floor(Math.min(maxUnconfirmed - this.#held, bytes)));
      const before = this.#largest;
      const received = this.#received;
      this.#largest = MESSAGE_BYTES;
      await this.#requests.next(count);
      if (this.#received === received) this.#largest = before;
    }
  }

  /** Takes a message that was pulled. Returns whether there is room for another one. */
  #take(message: JsMsg): boolean {
    const reply = replyOf(message);
    if (!isDelivery(reply)) return true;
    this.#received++;
    if (deliveriesOf(reply) > 1) this.#redelivered++;
    if (this.#ends) {
      this.#giveBack([reply]);
      return true;
    }
    this.#largest = Math.max(this.#largest, bytesOf(message));
    this.#pulled.add(message);
    this.#signal.tell();
    return this.#heldBytes <= 2 * this.#options.maxUnconfirmedBytes;
  }

  async #writeAll(): Promise<void> {
    while (!this.#ends) {
      const message = this.#pulled.take();
      if (message === undefined) {
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
    let wait: Promise<void> | undefined;
    try {
      wait = this.#writer.writeEntry(this.#entries.entryOf(message));
    } catch (error) {
      if (isAboutEntry(error)) {
        this.#refuse(message, error);
      } else {
        this.#fail(error as Error);
        this.#giveBack([replyOf(message)]);
      }
      return undefined;
    }
    // Messages come one by one, and those of a turn of the event loop wait together.
    if (this.#group.length === 0) setImmediate(this.#seal);
    this.#group.push(replyOf(message));
    this.#groupBytes += bytesOf(message);
    return wait;
  }

  /** Lets what was written since the last call wait for its confirmation. */
  readonly #seal = (): void => {
    if (this.#group.length === 0) return;
    const replies = this.#group;
    const bytes = this.#groupBytes;
    this.#group = [];
    this.#groupBytes = 0;
    this.#receipts.add({ replies, count: replies.length, bytes });
  };

  #giveBack(replies: readonly string[]): void {
    this.#retried += replies.length;
    this.#answers.giveBack(replies);
  }

  /** The stream still has messages whose entries were dropped. */
  #giveBackLost({ replies }: WrittenMessages): void {
    this.#retried += replies.length;
    for (const reply of replies) this.#answers.giveBackForLater(reply);
    this.#signal.tell();
  }

  #refuse(message: JsMsg, error: RingestError): void {
    const reply = replyOf(message);
    const { poison, maxDeliveries, onPoison } = this.#options;
    const deliveries = deliveriesOf(reply);
    const terminated = poison === 'terminate' || deliveries >= maxDeliveries;
    this.#poison++;
    if (terminated) {
      this.#terminated++;
      this.#answers.terminate(reply);
    } else {
      this.#retried++;
      this.#answers.giveBackForLater(reply);
    }
    const { subject, data } = message;
    onPoison(error, { subject, sequence: sequenceOf(reply), data, deliveries, terminated });
    this.#signal.tell();
  }

  #work(): void {
    this.#answers.working(this.#pulled.replies());
    this.#answers.working(this.#group);
    for (const { replies } of this.#receipts.batches()) this.#answers.working(replies);
  }

  readonly #fail = (error: Error): void => {
    this.#failure ??= error;
    this.#end();
  };

  /**
   * Pulls no more, and gives back what is not written: others need not wait for it. The request ends first: what is
   * given back would come by it again.
   */
  #end(): void {
    this.#requests.end();
    if (!this.#options.connection.isClosed()) this.#giveBack(this.#pulled.takeAll());
    this.#signal.tell();
  }
}

/** Messages that were written together: the subjects for their acknowledgements. */
interface WrittenMessages extends Batch {
  readonly replies: readonly string[];
}
