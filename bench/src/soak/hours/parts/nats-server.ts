import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { freePort } from '../../../chaos/free-port.js';
import { hasNatsProgram, NATS_PROGRAM } from '../../../shared/nats-program.js';
import { RUN_FOLDER_VARIABLE } from '../run-folder.js';
import type { Scene } from '../scene.js';

const LOOK_MS = 100;
/** How long it may take to listen. */
const START_MS = 60_000;

/**
 * A NATS server that keeps its streams in files. All is as it is by default: it writes a message before it says that the
 * message is stored, so that a kill of the process loses none, and forces files to the disk (fsync) every two minutes, so
 * that a crash of the machine may.
 */
export class NatsServer {
  readonly #scene: Scene;
  readonly #port: number;
  #child: ChildProcess;
  /** Resolves once the child is gone, which may have been long ago. */
  #exited: Promise<unknown>;
  #isToEnd = false;

  private constructor(scene: Scene, port: number) {
    this.#scene = scene;
    this.#port = port;
    this.#child = this.#spawn();
    this.#exited = once(this.#child, 'exit');
  }

  /** @returns `undefined`: the program is not there */
  static async start(scene: Scene): Promise<NatsServer | undefined> {
    if (!hasNatsProgram()) return undefined;
    return new NatsServer(scene, await freePort());
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** Makes a stream that keeps messages until they are acknowledged: it stays small however long a soak is. */
  async makeStream(name: string, subject: string): Promise<void> {
    const retention = RetentionPolicy.Workqueue;
    await this.#manage(
      ({ streams }) => streams.add({ name, subjects: [subject], retention }),
      AbortSignal.timeout(START_MS),
    );
  }

  /**
   * Waits until every message is acknowledged to a consumer: nothing is delivered again any more.
   * @returns how many messages the stream has had
   * @throws the signal's reason
   */
  untilEmpty(stream: string, consumer: string, signal: AbortSignal): Promise<number> {
    return this.#manage(async ({ streams, consumers }) => {
      for (;;) {
        const { num_pending, num_ack_pending } = await consumers.info(stream, consumer);
        if (num_pending + num_ack_pending === 0) break;
        await delay(LOOK_MS, undefined, { signal });
      }
      return (await streams.info(stream)).state.last_seq;
    }, signal);
  }

  /** Kills it without warning, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#isToEnd = true;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Starts it again, after `kill`. */
  restart(): void {
    this.#isToEnd = false;
    this.#child = this.#spawn();
    this.#exited = once(this.#child, 'exit');
  }

  async #manage<Result>(
    act: (manager: JetStreamManager) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    const connection = await this.#connect(signal);
    try {
      return await act(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  }

  /** The server may not listen yet. */
  async #connect(signal: AbortSignal): Promise<NatsConnection> {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await connect({ servers: this.url, maxReconnectAttempts: 3 });
      } catch {
        await delay(LOOK_MS, undefined, { signal });
      }
    }
  }

  #spawn(): ChildProcess {
    const log = openSync(this.#scene.logPath(NATS_PROGRAM), 'a');
    const where = ['-a', '127.0.0.1', '-p', `${this.#port}`];
    const child = spawn(NATS_PROGRAM, [...where, '-js', '-sd', this.#scene.path(NATS_PROGRAM)], {
      env: { ...process.env, [RUN_FOLDER_VARIABLE]: this.#scene.folder },
      stdio: ['ignore', log, log],
      // A terminal's interrupt is for the soak alone.
      detached: true,
    });
    closeSync(log);
    child.once('exit', (code, signal) => {
      if (this.#isToEnd) return;
      this.#scene.failed(NATS_PROGRAM, `it ended early, with ${signal ?? `status ${code}`}`);
    });
    return child;
  }
}
