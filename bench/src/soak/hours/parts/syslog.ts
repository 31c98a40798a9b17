import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../chaos/free-port.js';
import type { Fault, PlannedFault, Struck } from '../faults.js';
import type { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { SoakEntries } from '../soak-entries.js';
import type { Latency } from './latency.js';
import { Pace } from './pace.js';
import type { Part, PartCounts } from './part.js';
import { asStream, RingestProcess, toIndexers } from './ringest-process.js';

/** Of RFC 5424, before the time and after it. */
const HEADER = '<14>1 ';

const LOOK_MS = 50;
/** How long it may take to listen. */
const CONNECT_MS = 60_000;

/** A connection, and its end. */
interface Connection {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
}

/**
 * `ringest ship --listen-syslog` and a sender of messages with their lengths in front (RFC 6587), which makes a new
 * connection now and then. Nobody confirms syslog: it is never killed, since what is in its socket would be lost.
 */
export class Syslog implements Part {
  readonly name = 'syslog';
  readonly description = 'ringest ship --listen-syslog by TCP, with a cache of what finds no room';
  readonly faults: readonly Fault[] = ['stop', 'reconnect'];
  readonly isNeeded = false;
  readonly connections: number;
  readonly #scene: Scene;
  readonly #entries: SoakEntries;
  readonly #port: number;
  readonly #ship: RingestProcess;
  readonly #pace: Pace;
  #connection: Connection | undefined;
  #written = 0;

  private constructor(scene: Scene, port: number) {
    this.#scene = scene;
    this.connections = scene.targets('tcp').length;
    this.#port = port;
    this.#entries = new SoakEntries(scene.addStream(), scene.seed, scene.startSeconds);
    this.#ship = new RingestProcess(scene, this.name, [
      ...['ship', ...toIndexers(scene), ...asStream(this.#entries.stream)],
      ...['--listen-syslog', `tcp://127.0.0.1:${port}`, '--idle-timeout', '0s'],
      ...['--cache-path', scene.path('syslog cache'), '--cache-mode', 'always'],
    ]);
    this.#pace = new Pace(scene.rate, {
      write: (due) => this.#write(due),
      arrived: () => scene.account.complete(this.#entries.stream),
    });
  }

  static async start(scene: Scene): Promise<Syslog> {
    const syslog = new Syslog(scene, await freePort());
    await syslog.#connect(new AbortController().signal);
    return syslog;
  }

  get process(): SoakProcess {
    return this.#ship.process;
  }

  get sent() {
    return [{ stream: this.#entries.stream, sent: this.#written }];
  }

  get counts(): PartCounts {
    const { resent, reconnects, hot, cached } = this.#ship.counts;
    const { arrived } = this.#scene.account.counts([this.#entries.stream]);
    return { written: this.#written, confirmed: arrived, resent, reconnects, hot, cached };
  }

  get mayRepeat(): number {
    return this.#ship.counts.resent + this.#ship.counts.recovered;
  }

  takeLatency(): Latency | undefined {
    return this.#pace.takeLatency();
  }

  async suffer({ fault, forMs }: PlannedFault, signal: AbortSignal): Promise<readonly Struck[]> {
    if (fault === 'stop') {
      await this.process.standStill(forMs, signal);
    } else if (fault === 'reconnect') {
      await this.#disconnect();
      await this.#connect(signal);
    } else {
      throw new Error(`a listener has no fault '${fault}'`);
    }
    return [{ name: this.name, isKilled: false }];
  }

  async finish(deadline: AbortSignal): Promise<void> {
    this.#pace.stop();
    await this.#disconnect();
    const { stream } = this.#entries;
    while (this.#scene.account.complete(stream) < this.#written) {
      await delay(LOOK_MS, undefined, { signal: deadline });
    }
    await this.#ship.end(deadline);
  }

  async stop(): Promise<void> {
    this.#pace.stop();
    this.#connection?.socket.destroy();
    await this.#ship.kill();
  }

  /**
   * The process may not listen yet.
   * @param signal it connects no more
   */
  async #connect(signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.timeout(CONNECT_MS);
    while (!signal.aborted) {
      if (limit.aborted) throw new Error(`nobody listened within ${CONNECT_MS} ms`);
      const socket = connect(this.#port, '127.0.0.1');
      try {
        await once(socket, 'connect');
      } catch {
        await delay(LOOK_MS);
        continue;
      }
      socket.on('error', ({ message }) => this.#scene.failed(this.name, `its sender: ${message}`));
      socket.resume();
      const closed = new Promise((resolve) => socket.once('close', resolve));
      this.#connection = { socket, closed };
      return;
    }
  }

  /** Ends the connection once everything on it was taken. */
  async #disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.socket.end();
    await connection?.closed;
  }

  #write(due: number): void {
    const socket = this.#connection?.socket;
    // What finds no room is late.
    if (socket === undefined || socket.writableNeedDrain) return;
    const messages: Buffer[] = [];
    for (; this.#written < due; this.#written++) {
      const message = this.#entries.data(this.#written, HEADER);
      messages.push(Buffer.from(`${message.length} `), message);
    }
    if (messages.length > 0) socket.write(Buffer.concat(messages));
  }
}
