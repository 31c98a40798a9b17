import { NameTags, PatientWriter, Signal, type SourceMuxer } from '@ringest/queues';
import type { Batch, Consumer, EachBatchPayload } from 'kafkajs';
import {
  type AssignedPartition,
  AssignedPartitions,
  counts,
  type WrittenRange,
} from './assigned-partitions.js';
import { Committer } from './committer.js';
import type { PoisonMessageError } from './errors.js';
import { Membership } from './membership.js';
import { MessageWriter } from './message-writer.js';
import {
  type CheckedSourceOptions,
  checkSourceOptions,
  type KafkaSourceOptions,
} from './source-options.js';
import type { KafkaSourceStats } from './source-stats.js';
import { WrittenMessages } from './written-messages.js';

/** About what a message takes beside its data. */
const MESSAGE_BYTES = 300;

/** A fetch that finds nothing ends after so long, unless the consumer is set otherwise. A source that stops waits for it. */
const FETCH_MS = 500;

/** While there is no room, kafkajs is asked so often whether it is time to tell the group that this member is there. */
const BEAT_MS = 500;

/**
 * Makes entries of the messages of Kafka topics, as a member of a consumer group. An offset is committed once the
 * muxer's barrier says that all entries before it are confirmed, so nothing is lost when the process, a broker or an
 * indexer fails: what was not committed is delivered again.
 */
export class KafkaSource {
  readonly #options: CheckedSourceOptions;
  readonly #consumer: Consumer;
  readonly #membership: Membership;
  readonly #writer: MessageWriter;
  readonly #committer: Committer;
  readonly #written: WrittenMessages;
  readonly #assigned = new AssignedPartitions();
  readonly #signal = new Signal();
  #running: Promise<void> | undefined;
  #isStopping = false;
  #failure: Error | undefined;
  #poisoned: PoisonMessageError | undefined;
  #received = 0;
  #redelivered = 0;
  #assignments = 0;

  private constructor(
    muxer: SourceMuxer,
    options: CheckedSourceOptions,
    tags: NameTags<'topic'>,
    consumer: Consumer,
  ) {
    this.#options = options;
    this.#consumer = consumer;
    this.#membership = new Membership(consumer, {
      joined: ({ memberId, memberAssignment }) => {
        this.#assignments++;
        const kept = this.#assigned.assign(memberId, memberAssignment);
        for (const partition of kept) this.#seek(partition);
        if (this.#ends) this.#pause();
        this.#committer.hurry();
        this.#signal.tell();
      },
      // Brokers take offsets until this member has joined again.
      changing: () => this.#committer.hurry(),
      lost: () => {
        this.#assigned.release();
        this.#signal.tell();
      },
      failed: (error) => {
        if (!this.#ends) this.#fail(error);
      },
    });
    this.#writer = new MessageWriter(muxer, options, tags, {
      changed: this.#signal.tell,
      poisoned: (error) => {
        this.#poisoned = error;
        this.#end();
      },
      failed: this.#fail,
    });
    const pace = {
      intervalMs: options.commitInterval,
      messages: Math.ceil(options.maxUnconfirmed / 4),
    };
    this.#committer = new Committer(consumer, pace, this.#signal.tell);
    this.#written = new WrittenMessages(() => muxer.barrier(), this.#committer, {
      changed: this.#signal.tell,
      lost: (range) => {
        if (counts(range)) this.#readAgain(range);
      },
      failed: this.#fail,
    });
  }

  /**
   * Connects to the brokers and finds the topics. Nothing is read before `run`.
   * @param muxer writes the entries; it stays yours, and has to run for longer than the source
   * @throws {InvalidArgumentError | InvalidTagError | InvalidSourceError} an option cannot be used
   * @throws {KafkaJSError} no broker answers, refuses the client, or does not have the topic
   */
  static async open(muxer: SourceMuxer, options: KafkaSourceOptions): Promise<KafkaSource> {
    const checked = checkSourceOptions(options);
    const tags = new NameTags(checked.tag, 'topic', (name) => muxer.negotiateTag(name));
    const { kafka, groupId, from, consumer: more } = checked;
    let hasEnded = () => false;
    const restartOnFailure = async (error: Error) =>
      !hasEnded() && ((await more.retry?.restartOnFailure?.(error)) ?? true);
    const consumer = kafka.consumer({
      maxWaitTimeInMs: FETCH_MS,
      allowAutoTopicCreation: false,
      ...more,
      groupId,
      // Without it, kafkajs would try more often than its client is told to.
      retry: { ...more.retry, restartOnFailure },
    });
    try {
      await consumer.connect();
      await consumer.subscribe({
        topics: [...checked.topics],
        fromBeginning: from === 'beginning',
      });
    } catch (error) {
      await consumer.disconnect();
      throw error;
    }
    const source = new KafkaSource(new PatientWriter(muxer), checked, tags, consumer);
    hasEnded = () => source.#ends;
    return source;
  }

  /**
   * Joins the group, reads messages and writes their entries until `stop`. Resolves when all that was written is
   * committed, also while the group changes and cannot be left yet. Brokers that are away are waited for.
   * @throws {PoisonMessageError} no entry can be made of a message, and `poison` is `stop`
   * @throws {NotRunningError | AllTargetsFailedError | TagRefusedError} entries are not confirmed any more
   * @throws {KafkaJSError} the brokers refuse the source, and would do so again
   */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /**
   * Stops reading, waits until what is written is committed, and leaves the group. What is not committed, because the
   * muxer is closed or the brokers are away, will be delivered again. A group that changes is left once kafkajs has
   * joined it, which others can hold up for the consumer's `rebalanceTimeout`.
   */
  async stop(): Promise<void> {
    this.#end();
    if (this.#running === undefined) await this.#consumer.disconnect();
    else await this.#running.catch(() => {});
    await this.#membership.gone();
  }

  stats(): KafkaSourceStats {
    return {
      received: this.#received,
      redelivered: this.#redelivered,
      committed: this.#committer.committed,
      poison: this.#writer.poison,
      retried: this.#written.retried,
      undated: this.#writer.undated,
      unconfirmed: this.#written.count,
      partitions: this.#assigned.count,
      assignments: this.#assignments,
    };
  }

  get #ends(): boolean {
    return this.#isStopping || this.#failure !== undefined;
  }

  get #hasRoom(): boolean {
    const { maxUnconfirmed, maxUnconfirmedBytes } = this.#options;
    const { count, bytes } = this.#written;
    return !this.#writer.isFull && count < maxUnconfirmed && bytes < maxUnconfirmedBytes;
  }

  async #run(): Promise<void> {
    const committing = this.#committer.run().catch(this.#fail);
    this.#membership.join({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (batch) => this.#take(batch),
    });
    await this.#signal.until(() => this.#ends);
    this.#pause();
    await this.#signal.until(
      () => this.#written.count === 0 || this.#failure !== undefined || !this.#membership.isJoined,
    );
    this.#committer.close();
    await committing;
    await this.#membership.leave();
    const error = this.#failure ?? this.#poisoned;
    if (error !== undefined) throw error;
  }

  /** Without it, messages that nobody takes would be fetched again and again. */
  #pause(): void {
    if (this.#membership.isJoined)
      this.#consumer.pause(this.#options.topics.map((topic) => ({ topic })));
  }

  /** Writes the messages of a partition that a fetch has brought. The next fetch is held back until there is room. */
  async #take(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, isStale } = payload;
    const { topic, partition, messages } = batch;
    const from = this.#assigned.find(topic, partition);
    if (from === undefined) return;
    for (let at = 0; at < messages.length; ) {
      if (!this.#hasRoom) await this.#waitForRoom(from, payload);
      if (this.#ends || !from.isAssigned || isStale()) return;
      at = this.#writeSome(from, batch, at);
      const last = messages[at - 1];
      if (last !== undefined) resolveOffset(last.offset);
    }
  }

  /** Writes messages from one on, while there is room. Returns the place of the first that is not written. */
  #writeSome(from: AssignedPartition, batch: Batch, start: number): number {
    const { topic, partition, messages } = batch;
    const { maxUnconfirmed, maxUnconfirmedBytes } = this.#options;
    const end = Math.min(messages.length, start + maxUnconfirmed - this.#written.count);
    const most = maxUnconfirmedBytes - this.#written.bytes;
    let at = start;
    let bytes = 0;
    while (at < end && bytes < most && !this.#writer.isFull) {
      const message = messages[at];
      if (message === undefined || !this.#writer.write(message, topic, partition)) break;
      bytes += (message.value?.length ?? 0) + MESSAGE_BYTES;
      at++;
    }
    const first = messages[start];
    const last = messages[at - 1];
    if (at === start || first === undefined || last === undefined) return at;
    // Behind the last message of a transaction there is a record that is none.
    const next = BigInt(at === messages.length ? batch.lastOffset() : last.offset) + 1n;
    const { reading } = from;
    const range = { from, reading, first: BigInt(first.offset), next, count: at - start };
    this.#received += range.count;
    this.#redelivered += this.#assigned.advance(range);
    this.#written.add(range, bytes);
    return at;
  }

  /**
   * Waits for room, or until the partition goes, and keeps the place in the group meanwhile.
   * @throws {KafkaJSError} the group changes: kafkajs has to join it again
   */
  async #waitForRoom(from: AssignedPartition, payload: EachBatchPayload): Promise<void> {
    const { heartbeat, isStale } = payload;
    this.#written.seal();
    let problem: Error | undefined;
    const beat = setInterval(() => {
      heartbeat().catch((error: Error) => {
        problem ??= error;
        this.#signal.tell();
      });
    }, BEAT_MS);
    const isOver = () => this.#ends || !from.isAssigned || isStale() || problem !== undefined;
    await this.#signal.until(() => this.#hasRoom || isOver());
    clearInterval(beat);
    if (problem !== undefined) throw problem;
  }

  #readAgain({ from, first }: WrittenRange): void {
    from.reading++;
    from.next = first;
    this.#seek(from);
  }

  /** Lets kafkajs go on with what was not written. It would go on with what was not committed. */
  #seek({ topic, partition, next }: AssignedPartition): void {
    if (next !== undefined) this.#consumer.seek({ topic, partition, offset: `${next}` });
  }

  #end(): void {
    this.#isStopping = true;
    this.#signal.tell();
  }

  readonly #fail = (error: Error): void => {
    this.#failure ??= error;
    this.#signal.tell();
  };
}
