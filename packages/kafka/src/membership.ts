import { setImmediate as turn } from 'node:timers/promises';
import { Signal } from '@ringest/queues';
import type { Consumer, ConsumerGroupJoinEvent, ConsumerRunConfig } from 'kafkajs';

interface Listeners {
  /** The group has assigned partitions to this member. */
  joined(payload: ConsumerGroupJoinEvent['payload']): void;
  /** The group changes: this member has to join again. */
  changing(): void;
  /** It has no partitions any more. */
  lost(): void;
  /** kafkajs has given up. */
  failed(error: Error): void;
}

/** The place of a consumer in its group. kafkajs joins, and joins again, by itself. */
export class Membership {
  readonly #consumer: Consumer;
  readonly #listeners: Listeners;
  readonly #signal = new Signal();
  #isJoined = false;
  /** kafkajs tries to join, or will. */
  #isJoining = true;
  #leaving: Promise<void> | undefined;

  constructor(consumer: Consumer, listeners: Listeners) {
    this.#consumer = consumer;
    this.#listeners = listeners;
  }

  get isJoined(): boolean {
    return this.#isJoined;
  }

  /** Joins the group, and reads what it assigns. Other members can hold that up for minutes: nobody waits for it. */
  join(config: ConsumerRunConfig): void {
    const { events } = this.#consumer;
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => {
      this.#setJoining(false);
      if (this.#leaving !== undefined) return;
      this.#isJoined = true;
      this.#listeners.joined(payload);
    });
    this.#consumer.on(events.REBALANCING, () => {
      this.#setJoining(true);
      this.#listeners.changing();
    });
    this.#consumer.on(events.STOP, () => this.#lose());
    this.#consumer.on(events.CRASH, ({ payload }) => {
      this.#setJoining(payload.restart);
      this.#lose();
      if (!payload.restart) this.#listeners.failed(payload.error);
    });
    this.#consumer.run(config).catch((error) => {
      this.#setJoining(false);
      this.#listeners.failed(error);
    });
  }

  /** Leaves the group. While that changes, this does not wait for it: see {@link gone}. */
  async leave(): Promise<void> {
    this.#leaving = this.#leave();
    this.#lose();
    await Promise.race([this.#leaving, this.#signal.until(() => this.#isJoining)]);
  }

  /** Resolves once the group is left, after `leave`. */
  async gone(): Promise<void> {
    await this.#leaving?.catch(() => {});
  }

  /**
   * kafkajs would go on with an attempt to join that is under way when it disconnects, and then keep partitions as a
   * member that reads nothing.
   */
  async #leave(): Promise<void> {
    await this.#signal.until(() => !this.#isJoining);
    // It tells that it has joined before it can be stopped.
    await turn();
    await this.#consumer.disconnect();
  }

  #setJoining(isJoining: boolean): void {
    this.#isJoining = isJoining;
    this.#signal.tell();
  }

  #lose(): void {
    this.#isJoined = false;
    this.#listeners.lost();
  }
}
