import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { InvalidArgumentError } from '@nats-io/nats-core';
import { messageOf } from '@ringest/codec';
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

/** Whether a server says that it does not have a stream or a consumer. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  const { ConsumerNotFound, StreamNotFound } = JetStreamApiCodes;
  return error.code === ConsumerNotFound || error.code === StreamNotFound;
}

/** A sink could not publish entries: the stream did not store them. */
export class PublishError extends RingestError {
  readonly code = 'ERR_JETSTREAM_PUBLISH';
  /** The subject to which it was published. */
  readonly subject: string;
  /** Whether the message is larger than the server or the stream takes, so that no other attempt helps. */
  readonly isTooLarge: boolean;

  constructor(subject: string, problem: string, options?: ErrorOptions) {
    super(`an entry was not stored at ${subject}: ${problem}`, options);
    this.subject = subject;
    this.isTooLarge = isTooLarge(options?.cause);
  }

  /** The error of an entry whose message the client of NATS has failed to publish. */
  static of(subject: string, cause: Error): PublishError {
    return new PublishError(subject, messageOf(cause), { cause });
  }
}

/** The number of the server's error for a message that is larger than its stream takes. */
const STREAM_MESSAGE_EXCEEDS_MAXIMUM = 10_054;

function isTooLarge(cause: unknown): boolean {
  // The client has this error for a message beyond the server's `max_payload`.
  if (cause instanceof InvalidArgumentError) return true;
  return cause instanceof JetStreamApiError && cause.code === STREAM_MESSAGE_EXCEEDS_MAXIMUM;
}
