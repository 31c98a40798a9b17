import {
  type CheckedEntryOptions,
  check,
  checkEntryOptions,
  checkLimits,
  type EntryOptions,
  isCount,
  isObject,
  isText,
  type NamedHeader,
} from '@ringest/queues';
import type { ConsumerConfig, Kafka } from 'kafkajs';
import { isTopic } from './topics.js';

/** Which tag the messages of some topics get. */
export interface TopicRule {
  /** A topic. With dots in it, `*` stands for what is between two of them, and `>` at the end for all the rest. */
  readonly topic: string;
  /** The name of the tag. `{1}`, `{2}`, … stand for the parts of the topic between dots, from the first. */
  readonly tag: string;
}

/** How messages of topics become entries. */
export interface KafkaSourceOptions extends EntryOptions {
  /** A client of kafkajs that you made, with its brokers, credentials, TLS and log. */
  readonly kafka: Kafka;
  /** The consumer group. Any number of processes may be in it: each partition belongs to one of them at a time. */
  readonly groupId: string;
  /** The topics. They have to exist. */
  readonly topics: readonly string[];
  /** The name of the tag of all messages, or rules by their topics; the first rule that fits counts. */
  readonly tag: string | readonly TopicRule[];
  /**
   * The time of an entry: that of its `message`, in milliseconds, which the producer or the broker has set, or when it
   * arrives here (`arrival`), or what a header says, as RFC 3339 text or in seconds since 1970. Where the header cannot
   * be read, it is the time of the message, and is counted. Default: `message`.
   */
  readonly time?: 'message' | 'arrival' | NamedHeader;
  /** The name of the enumerated value that gets the key of a message. Default: keys are left out. */
  readonly key?: string;
  /**
   * Entries get the place of their message as enumerated values: `topic` (string), `partition` and `offset` (int64). They
   * replace others of these names. With `restore`, entries of a sink get them too. Default: `false`.
   */
  readonly metadata?: boolean;
  /** Where a group begins that has committed nothing yet, in each partition. Default: `beginning`. */
  readonly from?: 'beginning' | 'end';
  /**
   * What becomes of a message that no entry can be made of: `skip` it, or `stop` the source at it, with all messages
   * before it committed. Default: `skip`.
   */
  readonly poison?: 'skip' | 'stop';
  /** Gets to know of each message that is skipped. It may throw nothing. */
  readonly onPoison?: (error: Error, message: PoisonMessage) => void;
  /** Messages that are written and not committed yet, at most. Default: 10,000. */
  readonly maxUnconfirmed?: number;
  /** Bytes of messages whose entries are not confirmed yet, about: one message more may be there. Default: 16 MiB. */
  readonly maxUnconfirmedBytes?: number;
  /**
   * Offsets are committed so often, in milliseconds, and earlier when a quarter of `maxUnconfirmed` messages wait for
   * it, or the group changes. Default: 1000.
   */
  readonly commitInterval?: number;
  /** More settings of the consumer of kafkajs, such as its session timeout, or how many bytes a fetch may bring. */
  readonly consumer?: Readonly<Omit<ConsumerConfig, 'groupId'>>;
}

/** A message that no entry could be made of. */
export interface PoisonMessage {
  readonly topic: string;
  readonly partition: number;
  /** Its number in the partition. */
  readonly offset: string;
  readonly key: Uint8Array | null;
  readonly data: Uint8Array;
}

/** The options with their defaults, checked. */
export interface CheckedSourceOptions
  extends Required<Omit<KafkaSourceOptions, keyof EntryOptions | 'time' | 'key'>> {
  readonly key: string | undefined;
  readonly entries: CheckedEntryOptions;
}

/** @throws {InvalidArgumentError | InvalidSourceError} an option cannot be used */
export function checkSourceOptions(options: KafkaSourceOptions): CheckedSourceOptions {
  check('', options, isObject(options), 'an object');
  const { kafka, groupId, topics, tag, time = 'message', key, consumer = {} } = options;
  const { from = 'beginning', poison = 'skip', onPoison = () => {}, metadata = false } = options;
  const {
    maxUnconfirmed = 10_000,
    maxUnconfirmedBytes = 16 * 2 ** 20,
    commitInterval = 1000,
  } = options;
  check('kafka', kafka, typeof kafka?.consumer === 'function', 'a client of kafkajs');
  check('groupId', groupId, isText(groupId) && groupId !== '', 'the name of a consumer group');
  const areTopics = Array.isArray(topics) && topics.length > 0 && topics.every(isTopic);
  check('topics', topics, areTopics, 'an array of names of topics');
  check('key', key, key === undefined || isText(key), 'the name of an enumerated value');
  check('metadata', metadata, typeof metadata === 'boolean', 'true or false');
  check('from', from, from === 'beginning' || from === 'end', "'beginning' or 'end'");
  check('poison', poison, poison === 'skip' || poison === 'stop', "'skip' or 'stop'");
  check('onPoison', onPoison, typeof onPoison === 'function', 'a function');
  checkLimits({ maxUnconfirmed, maxUnconfirmedBytes });
  check('commitInterval', commitInterval, isCount(commitInterval), 'milliseconds, from 1');
  check('consumer', consumer, isObject(consumer), 'an object');
  return {
    kafka,
    groupId,
    topics,
    tag,
    key,
    metadata,
    from,
    poison,
    onPoison,
    maxUnconfirmed,
    maxUnconfirmedBytes,
    commitInterval,
    consumer,
    entries: withKey(checkEntryOptions(options, time, 'message'), key),
  };
}

/** The key becomes a value as headers do. */
function withKey(entries: CheckedEntryOptions, key: string | undefined): CheckedEntryOptions {
  const { headers } = entries;
  if (key === undefined || headers === 'all') return entries;
  return { ...entries, headers: [...headers, key] };
}
