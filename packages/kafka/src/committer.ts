import { setTimeout as sleep } from 'node:timers/promises';
import { Signal } from '@ringest/queues';
import type { Consumer } from 'kafkajs';
import type { AssignedPartition, WrittenRange } from './assigned-partitions.js';
import { refusalOf } from './refusal.js';

/** How long a group that takes no offsets is left in peace. */
const RETRY_MS = 200;

/** What a broker says while the group changes. After it, the member has joined again, or the partition has gone. */
const PASSING = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID']);

/** Offsets are committed so often, or when so many messages wait for it. */
interface Pace {
  readonly intervalMs: number;
  readonly messages: number;
}

interface Confirmed {
  next: bigint;
  count: number;
}

/** Commits offsets of messages whose entries are confirmed: those of all partitions at once, one request at a time. */
export class Committer {
  readonly #consumer: Consumer;
  readonly #pace: Pace;
  readonly #changed: () => void;
  readonly #signal = new Signal();
  #confirmed = new Map<AssignedPartition, Confirmed>();
  #messages = 0;
  #committed = 0;
  #dropped = 0;
  #isClosing = false;
  #isDue = false;
  #hurries = false;
  #wasSent = false;

  /** @param changed is called when fewer messages wait */
  constructor(consumer: Consumer, pace: Pace, changed: () => void) {
    this.#consumer = consumer;
    this.#pace = pace;
    this.#changed = changed;
    // A consumer that is just stopping says that it has committed, and has not.
    consumer.on(consumer.events.COMMIT_OFFSETS, () => {
      this.#wasSent = true;
    });
  }

  /** Messages that are confirmed and not committed yet. */
  get messages(): number {
    return this.#messages;
  }

  get committed(): number {
    return this.#committed;
  }

  /** Messages whose partition went to another member before they were committed. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes messages that are confirmed. Ranges of a partition come in their order. */
  add({ from, next, count }: WrittenRange): void {
    const confirmed = this.#confirmed.get(from);
    if (confirmed === undefined) this.#confirmed.set(from, { next, count });
    else {
      confirmed.next = next;
      confirmed.count += count;
    }
    this.#messages += count;
    this.#signal.tell();
  }

  /**
   * Commits until `close`, and then what is left.
   * @throws {KafkaJSError} the group will not take offsets: it is not allowed, for example
   */
  async run(): Promise<void> {
    while (!this.#isClosing || this.#confirmed.size > 0) {
      await this.#signal.until(() => this.#isClosing || this.#confirmed.size > 0);
      await this.#due();
      await this.#commit();
    }
  }

  /** Commits what is confirmed without waiting for more. */
  hurry(): void {
    this.#hurries = this.#confirmed.size > 0;
    this.#signal.tell();
  }

  /** Lets `run` end. What cannot be committed now is left, once nobody can commit it here any more. */
  close(): void {
    this.#isClosing = true;
    this.#signal.tell();
  }

  async #due(): Promise<void> {
    this.#isDue = false;
    const timer = setTimeout(() => {
      this.#isDue = true;
      this.#signal.tell();
    }, this.#pace.intervalMs);
    const isNow = () => this.#isDue || this.#isClosing || this.#hurries;
    await this.#signal.until(() => isNow() || this.#messages >= this.#pace.messages);
    this.#hurries = false;
    clearTimeout(timer);
  }

  async #commit(): Promise<void> {
    this.#dropGone();
    const sent = this.#confirmed;
    if (sent.size === 0) return;
    this.#confirmed = new Map();
    const offsets = [...sent].map(([{ topic, partition }, { next }]) => ({
      topic,
      partition,
      offset: `${next}`,
    }));
    this.#wasSent = false;
    try {
      await this.#consumer.commitOffsets(offsets);
    } catch (error) {
      if (isLasting(error)) throw error;
    }
    if (this.#wasSent) {
      for (const { count } of sent.values()) this.#committed += this.#remove(count);
      this.#changed();
    } else {
      this.#putBack(sent);
      await sleep(RETRY_MS);
      this.#hurries = true;
    }
  }

  #putBack(sent: ReadonlyMap<AssignedPartition, Confirmed>): void {
    for (const [partition, { next, count }] of sent) {
      const newer = this.#confirmed.get(partition);
      if (newer === undefined) this.#confirmed.set(partition, { next, count });
      else newer.count += count;
    }
  }

  /** Partitions that went to another member are committed there. */
  #dropGone(): void {
    const before = this.#messages;
    for (const [partition, { count }] of this.#confirmed) {
      if (partition.isAssigned) continue;
      this.#confirmed.delete(partition);
      this.#dropped += this.#remove(count);
    }
    if (this.#messages < before) this.#changed();
  }

  #remove(count: number): number {
    this.#messages -= count;
    return count;
  }
}

/** Whether the broker would say the same again. */
function isLasting(error: unknown): boolean {
  const refusal = refusalOf(error);
  return refusal !== undefined && !refusal.retriable && !PASSING.has(refusal.type);
}
