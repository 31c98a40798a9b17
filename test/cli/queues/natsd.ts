import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { CollectingIndexer } from '../../support/collecting-indexer.js';
import type { NatsServer } from '../../support/nats-server.js';
import { NodeProcess, RINGEST } from '../../support/node-process.js';
import { ship } from '../../support/shipping.js';

/** A running `ringest ship` that takes the stream `events`. */
export function pull(
  { url }: Pick<NatsServer, 'url'>,
  indexer: Pick<CollectingIndexer, 'address'>,
  ...flags: readonly string[]
): NodeProcess {
  const queue = ['--nats', url, '--nats-stream', 'events', '--nats-consumer', 'ingest'];
  return ship(indexer.address, ...queue, ...flags);
}

/** A running `ringest ship` that publishes what it reads from a pipe. */
export function publishPipe({ url }: NatsServer, ...flags: readonly string[]): NodeProcess {
  return new NodeProcess(RINGEST, publishFlags(url, ...flags), [], 'pipe');
}

/** The flags of a `ringest ship` that publishes to the stream `events`. */
export function publishFlags(url: string, ...flags: readonly string[]): string[] {
  return ['ship', '--tag', 'test', '--to', url, '--nats-subject', 'events.{tag}', ...flags];
}

/** What `ringest status` says of a process that answers on a socket: for programs, and for people. */
export async function statusOf(socket: string) {
  const [json, text] = [
    new NodeProcess(RINGEST, ['status', socket, '--json']),
    new NodeProcess(RINGEST, ['status', socket]),
  ];
  await Promise.all([json.end(), text.end()]);
  return { json: json.lastJson(), text: text.stdout };
}

/** Publishes messages without waiting for each, and waits until the server has them. */
export async function send(
  connection: NatsConnection,
  messages: Iterable<readonly [subject: string, data: string, values?: Record<string, string>]>,
): Promise<void> {
  for (const [subject, data, values = {}] of messages) {
    const all = headers();
    for (const [name, value] of Object.entries(values)) all.set(name, value);
    connection.publish(subject, data, { headers: all });
  }
  await connection.flush();
}
