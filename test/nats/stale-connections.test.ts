import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { connect } from '@nats-io/transport-node';
import { JetStreamSink } from '@ringest/nats';
import { expect, it, onTestFinished } from 'vitest';
import { isNatsMissing, NatsServer } from '../support/nats-server.js';

/** More than the buffers of two sockets take. */
const ENTRIES = 64;
const ENTRY = { tag: 'a', timestamp: 0, data: Buffer.alloc(500_000, 'x') };

it.skipIf(isNatsMissing)(
  'a sink whose server is cut off while it writes publishes by another connection',
  async () => {
    const server = await NatsServer.start();
    const manager = await server.stream();
    const between = await Between.listen(server.url);
    const connection = await connect({
      servers: between.address,
      pingInterval: 500,
      maxPingOut: 2,
      reconnectTimeWait: 20,
      maxReconnectAttempts: -1,
    });
    onTestFinished(() => connection.close());
    const sink = new JetStreamSink({
      connection,
      subject: 'events.{tag}',
      retries: 1000,
      timeout: 1000,
    });
    await sink.write({ ...ENTRY, data: 'before' });
    await sink.barrier();
    between.cut();
    for (let i = 0; i < ENTRIES; i++) void sink.write(ENTRY);
    await sink.barrier();
    expect(between.connections).toBeGreaterThan(1);
    expect((await server.left(manager)).toDeliver).toBe(ENTRIES + 1);
  },
);

/** A host between, which may stop to pass on what comes by the connections that it has. */
class Between {
  connections = 0;
  readonly #sockets: Socket[] = [];
  readonly #port: number;
  address = '';

  private constructor(url: string) {
    this.#port = Number(new URL(url).port);
  }

  static async listen(url: string): Promise<Between> {
    const between = new Between(url);
    const listener = createServer((client) => between.#pass(client));
    await once(listener.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => {
      for (const socket of between.#sockets) socket.destroy();
      listener.close();
    });
    between.address = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
    return between;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  #pass(client: Socket): void {
    this.connections++;
    const server = createConnection(this.#port, '127.0.0.1');
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) {
      this.#sockets.push(socket.on('error', () => {}));
    }
  }
}
