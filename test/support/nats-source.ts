import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { decodeEntry } from '@ringest/codec';
import type { IngestMuxer } from '@ringest/core';
import { JetStreamSource, type JetStreamSourceOptions } from '@ringest/nats';
import { onTestFinished } from 'vitest';
import type { Arrival } from './arrivals.js';

/** An answer may be lost, or take long beside processes that keep the machine busy. */
const PATIENT = { timeout: 5000, retries: 10 };

/** Runs a source of the stream of a `NatsServer` until the test is finished. */
export async function runSource(
  muxer: IngestMuxer,
  connection: NatsConnection,
  options: Partial<JetStreamSourceOptions> = {},
) {
  const source = await JetStreamSource.open(muxer, {
    connection,
    stream: 'events',
    consumer: 'ingest',
    tag: 'test',
    ...options,
  });
  const run = source.run();
  run.catch(() => {});
  onTestFinished(() => source.stop());
  return { source, run };
}

/** Publishes messages whose data is their number, once each. */
export async function publish(connection: NatsConnection, from: number, to: number): Promise<void> {
  const stream = jetstream(connection);
  const all = Array.from({ length: to - from }, (_, i) => from + i);
  await Promise.all(
    all.map((number) =>
      // The stream stores what has the same id once.
      stream.publish('events.web', `${number}`, { ...PATIENT, msgID: `${number}` }),
    ),
  );
}

/** The data of entries. */
export const textsOf = ({ received }: { readonly received: readonly Arrival[] }): string[] =>
  received.map(({ bytes }) => Buffer.from(decodeEntry(bytes).data).toString());

/** The data of messages by `publish`. */
export const numbers = (to: number): string[] => Array.from({ length: to }, (_, i) => `${i}`);
