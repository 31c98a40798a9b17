import type { QueueStatus } from '../../status/status-reply.js';
import type { ConnectHost } from './first-connection.js';
import type { KafkaInput } from './kafka/kafka-options.js';
import type { NatsInput } from './nats/nats-options.js';
import type { QueueWriter } from './queue-writer.js';

/** What has become of the messages of a queue, in this process. */
export type QueueCounts = Omit<QueueStatus, 'name'>;

/** A queue whose messages become entries. */
export interface Queue {
  /** Where its messages come from, such as `nats://127.0.0.1:4222 events/ingest`. */
  readonly name: string;
  counts(): QueueCounts;
  /**
   * Pulls messages and writes their entries, until `stop` or its end. Resolves once all that was written is
   * acknowledged.
   * @throws what keeps it from going on
   */
  run(): Promise<void>;
  /** Pulls no more. `run` goes on until the rest is acknowledged. */
  stop(): void;
  /** Leaves the queue. It keeps what is not acknowledged. */
  close(): Promise<void>;
}

/** A queue, as the flags say. */
export type QueueChoice = NatsInput | KafkaInput;

/** What a queue is given. */
export interface QueueHost extends ConnectHost {
  readonly writer: QueueWriter;
  /** The tag and the source of entries of which the queue says nothing. */
  readonly tag: string;
  readonly source: string | undefined;
}

/**
 * Connects to a queue. Nothing is pulled before `run`.
 * @throws what cannot be used, or is not there
 */
export async function openQueue(choice: QueueChoice, host: QueueHost): Promise<Queue> {
  if (choice.kind === 'kafka') {
    const { KafkaQueue } = await import('./kafka/kafka-queue.js');
    return KafkaQueue.open(choice, host);
  }
  const { NatsQueue } = await import('./nats/nats-queue.js');
  return NatsQueue.open(choice, host);
}
