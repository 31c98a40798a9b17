import { messageOf } from '@ringest/codec';
import { RingestError } from '@ringest/core';
import { refusalOf } from './refusal.js';

/** No entry can be made of a message, and the source was told to stop at one. `cause` says why. */
export class PoisonMessageError extends RingestError {
  readonly code = 'ERR_KAFKA_POISON';
  /** The topic of the message. */
  readonly topic: string;
  /** The number of its partition. */
  readonly partition: number;
  /** Its number in the partition. */
  readonly offset: string;

  constructor(topic: string, partition: number, offset: string, cause: Error) {
    const place = `offset ${offset} of partition ${partition} of ${topic}`;
    super(`no entry can be made of the message at ${place}: ${cause.message}`, { cause });
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
  }
}

/** A sink could not send entries: the brokers did not store them. */
export class SendError extends RingestError {
  readonly code = 'ERR_KAFKA_SEND';
  /** The topic to which they were sent. */
  readonly topic: string;
  /** How many entries the request had. */
  readonly entries: number;
  /** Whether the message is larger than the brokers take, so that no other attempt helps. */
  readonly isTooLarge: boolean;

  constructor(topic: string, entries: number, problem: string, options?: ErrorOptions) {
    const what = entries === 1 ? 'an entry was' : `${entries} entries were`;
    super(`${what} not stored in the topic ${topic}: ${problem}`, options);
    this.topic = topic;
    this.entries = entries;
    this.isTooLarge = TOO_LARGE.has(refusalOf(options?.cause)?.type ?? '');
  }

  /** The error of entries that kafkajs has failed to send. */
  static of(topic: string, entries: number, cause: unknown): SendError {
    return new SendError(topic, entries, messageOf(cause), { cause });
  }
}

const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
