import type { NamedEntry } from '@ringest/nats';
import type { OutletStatus } from '../../status/status-reply.js';
import type { ConnectHost } from './first-connection.js';
import type { KafkaOutput } from './kafka/kafka-options.js';
import type { NatsOutput } from './nats/nats-options.js';

/** What has become of entries that were published. */
export type PublisherCounts = Omit<OutletStatus, 'name' | 'isConnected'>;

/** Publishes entries to a queue. */
export interface Publisher {
  /** The most bytes of data of an entry that the queue takes. */
  readonly maxEntryBytes: number;
  /** Whether the queue can be reached now. */
  readonly isConnected: boolean;
  /** Publishes an entry. A promise resolves when there is room for the next one. */
  write(entry: NamedEntry): Promise<void> | undefined;
  /** Resolves once all that was written before is stored, or refused for good. */
  barrier(): Promise<void>;
  counts(): PublisherCounts;
  close(): Promise<void>;
}

/** Where entries are published, as the flags say. */
export type OutputChoice = (NatsOutput | KafkaOutput) & OutputPlace;

/** What every queue has that entries go to. */
export interface OutputPlace {
  /** Where entries go, such as `nats://127.0.0.1:4222 ringest.{tag}`. */
  readonly name: string;
  /** The name or the address of the host, or of one of them. */
  readonly host: string;
}

/** What a publisher is given. */
export interface PublisherHost extends ConnectHost {
  /** The tag of entries that have no other. */
  readonly tag: string;
  /** An entry is larger than the queue takes: it goes nowhere. */
  readonly refused: () => void;
  /** The queue cannot be reached any more. */
  readonly failed: (error: Error) => void;
}

/**
 * Connects to a queue, and waits for it.
 * @throws what cannot be used, or is not there
 */
export type OpenPublisher = (host: PublisherHost) => Promise<Publisher>;

/**
 * Loads what publishes. Whoever opens a cache must wait for it: the cache is loaded by `require`, in the middle of
 * which Node.js 20 does not find the exports of a CommonJS module that is being imported.
 */
export async function loadPublisher(choice: OutputChoice): Promise<OpenPublisher> {
  if (choice.kind === 'kafka') {
    const { KafkaPublisher } = await import('./kafka/kafka-publisher.js');
    return (host) => KafkaPublisher.open(choice, host);
  }
  const { NatsPublisher } = await import('./nats/nats-publisher.js');
  return (host) => NatsPublisher.open(choice, host);
}
