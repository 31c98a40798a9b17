import type { NatsConnection } from '@nats-io/nats-core';
import { insideOf } from './client-inside.js';

const watched = new WeakSet<NatsConnection>();

/**
 * Has a connection made again as soon as the client says that it is stale: its server has not answered pings. The client
 * by itself waits until all that was written is sent, before it connects again. While a network is cut off, that is
 * never; and after it, TCP sends again at ever longer intervals, so that half a minute may pass for nothing.
 */
export function leaveStaleConnections(connection: NatsConnection): void {
  if (watched.has(connection)) return;
  watched.add(connection);
  void watch(connection);
}

async function watch(connection: NatsConnection): Promise<void> {
  for await (const { type } of connection.status()) {
    // What was written to it is lost then, as it is when a connection ends: it was not acknowledged.
    if (type === 'staleConnection') {
      insideOf(connection).protocol?.transport?.socket?.destroy?.();
    }
  }
}
