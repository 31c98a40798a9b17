import { AckPolicy, type Consumer, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { messageOf } from '@ringest/codec';
import { ConsumerError } from './errors.js';

/** A consumer that a source can use. */
export interface UsableConsumer {
  readonly consumer: Consumer;
  /** The server delivers a message again that it has heard nothing of for so long. */
  readonly ackWaitMs: number;
}

interface Wanted {
  readonly connection: NatsConnection;
  readonly stream: string;
  readonly consumer: string;
}

/** @throws {ConsumerError} it is not there, or is not one that a source can use */
export async function findConsumer(wanted: Wanted): Promise<UsableConsumer> {
  const { stream, consumer: name } = wanted;
  let consumer: Consumer;
  try {
    consumer = await jetstream(wanted.connection).consumers.get(stream, name);
  } catch (error) {
    throw new ConsumerError(stream, name, messageOf(error), { cause: error });
  }
  const { config } = await consumer.info(true);
  if (config.ack_policy !== AckPolicy.Explicit) {
    // A receipt for all before a message would also stand for one that was lost on its way here, or whose
    // delivery is repeated after a crash: neither is confirmed.
    const problem = `its ack_policy is ${config.ack_policy}: make a consumer with explicit`;
    throw new ConsumerError(stream, name, problem);
  }
  return {
    consumer,
    ackWaitMs: (config.ack_wait ?? 30_000_000_000) / 1e6,
  };
}
