import type { NatsConnection } from '@nats-io/nats-core';
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

export type { SourceMuxer } from '@ringest/queues';

/** Which tag the messages of some subjects get. */
export interface SubjectRule {
  /** A subject, with the wildcards of NATS: `*` for one token, and `>` at the end for one or more. */
  readonly subject: string;
  /** The name of the tag. `{1}`, `{2}`, … stand for the tokens of the subject, from the first. */
  readonly tag: string;
}

/** How messages of a stream become entries. */
export interface JetStreamSourceOptions extends EntryOptions {
  /** A connection that you made, with its servers, credentials and TLS. It stays yours: nothing here closes it. */
  readonly connection: NatsConnection;
  /** The name of the stream. */
  readonly stream: string;
  /**
   * The name of a durable pull consumer with explicit acknowledgements. Any number of processes may share it: each
   * message goes to one of them.
   */
  readonly consumer: string;
  /**
   * The name of the tag of all messages, or rules by their subjects; the first rule that fits counts. Messages that a
   * sink of this package published have their own tags.
   */
  readonly tag: string | readonly SubjectRule[];
  /**
   * The time of an entry: when the message was `stored` in the stream, to the nanosecond, or when it arrives here
   * (`arrival`), or what a header says, as RFC 3339 text or in seconds since 1970. Where the header cannot be read, it
   * is the time of storing, and is counted. Default: `stored`.
   */
  readonly time?: 'stored' | 'arrival' | NamedHeader;
  /**
   * What becomes of a message that no entry can be made of: `terminate` it, so that it is never delivered again, or
   * `retry` it up to `maxDeliveries` times, and terminate it then. It is delivered again after a second, and after
   * twice as long each time, up to the consumer's `ack_wait`. Default: `terminate`.
   */
  readonly poison?: 'terminate' | 'retry';
  /** How often a message is delivered at most with `retry`. Default: 5. */
  readonly maxDeliveries?: number;
  /** Gets to know of each message that no entry could be made of. It may throw nothing. */
  readonly onPoison?: (error: Error, message: PoisonMessage) => void;
  /**
   * Gets to know why a request for messages has brought none: the server does not answer, or refuses it for now. It is
   * made again after 200 ms, and tells again what is still so. It may throw nothing.
   */
  readonly onTrouble?: (error: Error) => void;
  /** Messages that are here and not acknowledged yet, at most. The consumer's `max_ack_pending` bounds them too. Default: 10,000. */
  readonly maxUnconfirmed?: number;
  /**
   * Bytes that these messages take, about. A request for more asks for as many as the largest of the one before lets
   * expect. Beyond twice as many, what is still on its way is left for later. Default: 16 MiB.
   */
  readonly maxUnconfirmedBytes?: number;
}

/** A message that no entry could be made of. */
export interface PoisonMessage {
  readonly subject: string;
  /** Its number in the stream. */
  readonly sequence: number;
  readonly data: Uint8Array;
  /** How often it was delivered, this time among them. */
  readonly deliveries: number;
  /** It is never delivered again. */
  readonly terminated: boolean;
}

/** The options with their defaults, checked. */
export interface CheckedSourceOptions
  extends Required<Omit<JetStreamSourceOptions, keyof EntryOptions | 'time'>> {
  readonly entries: CheckedEntryOptions;
}

/** @throws {InvalidArgumentError | InvalidSourceError} an option cannot be used */
export function checkSourceOptions(options: JetStreamSourceOptions): CheckedSourceOptions {
  check('', options, isObject(options), 'an object');
  const { connection, stream, consumer, tag, time = 'stored', poison = 'terminate' } = options;
  const {
    maxDeliveries = 5,
    maxUnconfirmed = 10_000,
    maxUnconfirmedBytes = 16 * 2 ** 20,
    onPoison = () => {},
    onTrouble = () => {},
  } = options;
  const isConnection = typeof connection?.publish === 'function';
  check('connection', connection, isConnection, 'a connection of NATS');
  check('stream', stream, isName(stream), 'the name of a stream');
  check('consumer', consumer, isName(consumer), 'the name of a consumer');
  const isPoison = poison === 'terminate' || poison === 'retry';
  check('poison', poison, isPoison, "'terminate' or 'retry'");
  check('maxDeliveries', maxDeliveries, isCount(maxDeliveries), 'a number from 1');
  checkLimits({ maxUnconfirmed, maxUnconfirmedBytes });
  check('onPoison', onPoison, typeof onPoison === 'function', 'a function');
  check('onTrouble', onTrouble, typeof onTrouble === 'function', 'a function');
  return {
    connection,
    stream,
    consumer,
    tag,
    poison,
    maxDeliveries,
    maxUnconfirmed,
    maxUnconfirmedBytes,
    onPoison,
    onTrouble,
    entries: checkEntryOptions(options, time, 'stored'),
  };
}

const isName = (value: unknown): boolean => isText(value) && /^[^\s.*>/\\]+$/.test(value);
