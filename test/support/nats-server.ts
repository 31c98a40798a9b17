import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ConsumerInfo, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { hasNatsProgram, NATS_PROGRAM } from '@ringest/bench/shared';
import { onTestFinished } from 'vitest';
import { Changes } from './changes.js';
import { temporaryDirectory } from './temporary-directory.js';
import { freePort } from './victim.js';

const { CI } = process.env;

/**
 * Whether tests have to be skipped, because the program `nats-server` is not there (Debian's package of that name).
 * The gate installs it.
 */
export const isNatsMissing: boolean = CI === undefined && !hasNatsProgram();

/** A NATS server with a stream, until the test is finished. */
export class NatsServer {
  readonly #port: number;
  readonly #folder = temporaryDirectory();
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, flags: readonly string[], hasJetStream = true) {
    this.#port = port;
    this.#flags = hasJetStream ? ['-js', '-sd', this.#folder, ...flags] : flags;
    onTestFinished(() => this.kill());
  }

  /** @param flags more of them for the server, such as those about TLS */
  static async start(...flags: readonly string[]): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), flags);
    await server.start();
    return server;
  }

  /** A server without JetStream. */
  static async plain(): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), [], false);
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** Starts it, also again after `kill`: what it had stored is there. */
  async start(): Promise<void> {
    const changes = new Changes();
    let log = '';
    const args = ['-a', '127.0.0.1', '-p', `${this.#port}`, ...this.#flags];
    const child = spawn(NATS_PROGRAM, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    child.stderr.on('data', (text) => {
      log += text;
      changes.tell();
    });
    await changes.until('a NATS server', () => log.includes('Server is ready'));
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'close');
  }

  /** A connection that is closed when the test is finished. */
  async connect(): Promise<NatsConnection> {
    const connection = await connect({
      servers: this.url,
      reconnectTimeWait: 20,
      maxReconnectAttempts: -1,
    });
    onTestFinished(() => connection.close());
    return connection;
  }

  /** The stream `events` over `events.>`, and its durable pull consumer `ingest`. */
  async stream(consumer: object = {}): Promise<NatsConnection> {
    const connection = await this.connect();
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'events', subjects: ['events.>'] });
    const durable = { durable_name: 'ingest', ack_policy: 'explicit', max_ack_pending: 10_000 };
    await manager.consumers.add('events', { ...durable, ...consumer } as object);
    return connection;
  }

  async consumer(connection: NatsConnection): Promise<ConsumerInfo> {
    const manager = await jetstreamManager(connection);
    return manager.consumers.info('events', 'ingest');
  }

  /** What the consumer has still to deliver, and to be acknowledged. */
  async left(connection: NatsConnection): Promise<{ toDeliver: number; toAcknowledge: number }> {
    const info = await this.consumer(connection);
    return { toDeliver: info.num_pending, toAcknowledge: info.num_ack_pending };
  }
}
