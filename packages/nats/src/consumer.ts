import { AckPolicy, type Consumer, type ConsumerInfo, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { messageOf } from '@ringest/codec';
import { ConsumerError } from './errors.js';

/** A consumer that a source can use. */
export interface UsableConsumer {
  readonly consumer: Consumer;
  /** As it was when it was found. */
  readonly info: ConsumerInfo;
  /** The server delivers a message again that it has heard nothing of for so long. */
  readonly ackWaitMs: number;
}

interface Wanted {
  readonly connection: NatsConnection;
  readonly stream: string;
  readonly consumer: string;
}

/** What bounds a request for messages, as the consumer is now. */
export interface RequestLimits {
  readonly maxMessages: number;
  readonly maxMs: number;
}

/** The client of NATS makes no shorter request, in milliseconds. */
const SHORTEST_REQUEST_MS = 1000;
const NANOSECONDS = 1e6;
const DEFAULT_ACK_WAIT_MS = 30_000;

/** @throws {ConsumerError} it is not there, or is not one that a source can use */
export async function findConsumer(wanted: Wanted): Promise<UsableConsumer> {
  const { stream, consumer: name } = wanted;
  let consumer: Consumer;
  try {
    consumer = await jetstream(wanted.connection).consumers.get(stream, name);
  } catch (error) {
    throw new ConsumerError(stream, name, messageOf(error), { cause: error });
  }
  const info = await consumer.info(true);
  const problem = problemOf(info);
  if (problem !== undefined) throw new ConsumerError(stream, name, problem);
  const { ack_wait = DEFAULT_ACK_WAIT_MS * NANOSECONDS } = info.config;
  return { consumer, info, ackWaitMs: ack_wait / NANOSECONDS };
}

export function limitsOf({ config }: ConsumerInfo): RequestLimits {
  const { max_batch = 0, max_expires = 0 } = config;
  return {
    maxMessages: max_batch > 0 ? max_batch : Number.POSITIVE_INFINITY,
    maxMs: max_expires > 0 ? max_expires / NANOSECONDS : Number.POSITIVE_INFINITY,
  };
}

/** Why a source cannot use a consumer. */
function problemOf(info: ConsumerInfo): string | undefined {
  const { ack_policy, headers_only, priority_groups = [] } = info.config;
  if (ack_policy !== AckPolicy.Explicit) {
    // A receipt for all before a message would also stand for one that was lost on its way here, or whose
    // delivery is repeated after a crash: neither is confirmed.
    return `its ack_policy is ${ack_policy}: make a consumer with explicit`;
  }
  if (headers_only) return 'it has headers_only, which leaves out all data: make one without';
  if (priority_groups.length > 0) return 'it has priority_groups: make a consumer without';
  const { maxMs } = limitsOf(info);
  if (maxMs < SHORTEST_REQUEST_MS) {
    return `its max_expires is ${maxMs} ms: make a consumer with ${SHORTEST_REQUEST_MS} ms or more`;
  }
  return undefined;
}
