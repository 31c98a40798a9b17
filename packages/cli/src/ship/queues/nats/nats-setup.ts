import { AckPolicy, type ConsumerInfo, type JetStreamManager } from '@nats-io/jetstream';
import { isMissing } from '@ringest/nats';
import { CommandError } from '../../../errors.js';
import type { NatsAccess } from './nats-options.js';

/**
 * Messages of a consumer that are delivered and not acknowledged, over all processes, at most: enough for ten
 * of them.
 */
const MAX_ACK_PENDING = 100_000;

/** Makes a stream that is missing. @throws {CommandError} there is none, and none is to be made */
export async function createStream(
  manager: JetStreamManager,
  { creates, subjects }: NatsAccess,
  name: string,
  say: (line: string) => void,
): Promise<void> {
  if ((await ifThere(() => manager.streams.info(name))) !== undefined) return;
  if (!creates || subjects.length === 0) {
    throw new CommandError(
      `there is no stream ${name}: --nats-create with --nats-subjects makes one`,
    );
  }
  await manager.streams.add({ name, subjects: [...subjects] });
  say(`ringest: made the stream ${name} of ${subjects.join(', ')}`);
}

/**
 * Makes a durable consumer that is missing: one that `ship` can use.
 * @returns the one that is there by now
 * @throws {CommandError} as {@link createStream}
 */
export async function createConsumer(
  manager: JetStreamManager,
  { creates }: NatsAccess,
  { stream, consumer }: { readonly stream: string; readonly consumer: string },
  say: (line: string) => void,
): Promise<ConsumerInfo> {
  const found = await ifThere(() => manager.consumers.info(stream, consumer));
  if (found !== undefined) return found;
  if (!creates) {
    const problem = `stream ${stream} has no consumer ${consumer}: --nats-create makes one`;
    throw new CommandError(problem);
  }
  const made = await manager.consumers.add(stream, {
    durable_name: consumer,
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: MAX_ACK_PENDING,
  });
  say(`ringest: made the consumer ${consumer} of the stream ${stream}`);
  return made;
}

/** Resolves with what is found; with `undefined` if the server does not have it. */
export async function ifThere<Found>(look: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
