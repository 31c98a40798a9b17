import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { freePort } from '../../../chaos/free-port.js';
import { hasNatsProgram, NATS_PROGRAM } from '../../../shared/nats-program.js';
import type { Scene } from '../scene.js';

const LOOK_MS = 100;

/**
 * A NATS server that keeps its streams in files. All is as it is by default: it writes a message before it says that the
 * message is stored, so that a kill of the process loses none, and forces files to the disk (fsync) every two minutes, so
 * that a crash of the machine may.
 */
export class NatsServer {
  readonly #scene: Scene;
  readonly #port: number;
  readonly #kill = () => void this.#child.kill('SIGKILL');
  #child: ChildProcess;
  #isToEnd = false;

  private constructor(scene: Scene, port: number) {
    this.#scene = scene;
    this.#port = port;
    this.#child = this.#spawn();
    process.on('exit', this.#kill);
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
    await this.#manage(({ streams }) => streams.add({ name, subjects: [subject], retention }));
  }

  /**
   * Waits until every message is acknowledged to a consumer: nothing is delivered again any more.
   * @throws the signal's reason
   */
  async untilEmpty(stream: string, consumer: string, signal: AbortSignal): Promise<void> {
    await this.#manage(async ({ consumers }) => {
      for (;;) {
        const { num_pending, num_ack_pending } = await consumers.info(stream, consumer);
        if (num_pending + num_ack_pending === 0) return;
        await delay(LOOK_MS, undefined, { signal });
      }
    });
  }

  /** Kills it without warning, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#isToEnd = true;
    const gone = once(this.#child, 'exit');
    this.#kill();
    await gone;
  }

  /** Starts it again, after `kill`. */
  restart(): void {
    this.#isToEnd = false;
    this.#child = this.#spawn();
  }

  async stop(): Promise<void> {
    process.off('exit', this.#kill);
    await this.kill();
  }

  async #manage(act: (manager: JetStreamManager) => Promise<unknown>): Promise<void> {
    // The server may not listen yet.
    const connection = await connect({ servers: this.url, waitOnFirstConnect: true });
    try {
      await act(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  }

  #spawn(): ChildProcess {
    const log = openSync(this.#scene.processSettings(NATS_PROGRAM).logPath, 'a');
    const where = ['-a', '127.0.0.1', '-p', `${this.#port}`];
    const child = spawn(NATS_PROGRAM, [...where, '-js', '-sd', this.#scene.path(NATS_PROGRAM)], {
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
