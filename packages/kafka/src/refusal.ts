import type { KafkaJSProtocolError } from 'kafkajs';

/** What a broker has answered. */
export type Refusal = Pick<KafkaJSProtocolError, 'type' | 'retriable'>;

/** The answer of a broker that an error of kafkajs is about. kafkajs wraps it when it has tried more than once. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  return isRefusal(error) ? error : refusalOf(error.cause);
}

const isRefusal = (error: Error): error is Error & Refusal =>
  'type' in error && typeof error.type === 'string' && 'retriable' in error;
