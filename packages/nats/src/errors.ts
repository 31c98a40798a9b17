import { RingestError } from '@ringest/core';

/** The consumer of a stream is not one that a source can use. */
export class ConsumerError extends RingestError {
  readonly code = 'ERR_JETSTREAM_CONSUMER';
  /** The name of the stream. */
  readonly stream: string;
  /** The name of the consumer. */
  readonly consumer: string;

  constructor(stream: string, consumer: string, problem: string, options?: ErrorOptions) {
    super(`consumer ${consumer} of stream ${stream}: ${problem}`, options);
    this.stream = stream;
    this.consumer = consumer;
  }
}

/** A sink could not publish entries: the stream did not store them. */
export class PublishError extends RingestError {
  readonly code = 'ERR_JETSTREAM_PUBLISH';
  /** The subject to which it was published. */
  readonly subject: string;

  constructor(subject: string, problem: string, options?: ErrorOptions) {
    super(`an entry was not stored at ${subject}: ${problem}`, options);
    this.subject = subject;
  }
}
