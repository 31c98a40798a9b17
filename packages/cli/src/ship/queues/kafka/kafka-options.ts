import type { TopicRule } from '@ringest/kafka';

/** How a client says who it is. */
export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** How Kafka brokers are reached. */
export interface KafkaAccess {
  /** Addresses of brokers of one cluster: `host:port`. */
  readonly brokers: readonly string[];
  readonly sasl: KafkaSasl | undefined;
  readonly usesTls: boolean;
  /** Paths of PEM files: who may vouch for brokers, and the certificate to show them, with its key. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** Messages of topics that become entries. */
export interface KafkaInput extends KafkaAccess {
  readonly kind: 'kafka';
  readonly topics: readonly string[];
  /** The consumer group. */
  readonly group: string;
  /** The tags of topics. Others have the tag of all entries. */
  readonly rules: readonly TopicRule[];
  /** The time of an entry: in the message's `data`, that of the `message`, when it came (`arrival`), or in a header. */
  readonly time: 'data' | 'message' | 'arrival' | { readonly header: string };
  /** The header with the source; `undefined`: the source of all entries. */
  readonly sourceHeader: string | undefined;
  /** Headers that become enumerated values. */
  readonly headers: 'all' | readonly string[];
  /** The enumerated value that gets the key; `undefined`: keys are left out. */
  readonly key: string | undefined;
  /** The topic, the partition and the offset become enumerated values. */
  readonly metadata: boolean;
  /** Messages of `--to` become the entries that they were. */
  readonly restores: boolean;
  readonly poison: 'skip' | 'stop';
  /** Where a group begins that has committed nothing. */
  readonly from: 'beginning' | 'end';
  readonly maxUnconfirmed: number;
  /** Milliseconds after which the partitions of a silent process go to others. */
  readonly sessionTimeoutMs: number;
  /** Ends once the group has committed every message of the topics, by whichever process. */
  readonly endsWhenEmpty: boolean;
}

/** Entries that become messages of a topic. */
export interface KafkaOutput extends KafkaAccess {
  readonly kind: 'kafka';
  /** The topic of messages; `{tag}` stands for the tag. */
  readonly topic: string;
  /** The most bytes of a message that brokers take. */
  readonly maxMessageBytes: number;
}
