import { RingestError } from '@ringest/core';

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

  constructor(topic: string, problem: string, options?: ErrorOptions) {
    super(`entries were not stored in the topic ${topic}: ${problem}`, options);
    this.topic = topic;
  }
}
