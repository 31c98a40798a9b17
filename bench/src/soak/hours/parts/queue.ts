import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, PlannedFault } from '../faults.js';
import type { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { SoakEntries } from '../soak-entries.js';
import { GrowingLog } from './growing-log.js';
import { NatsServer } from './nats-server.js';
import { Pace } from './pace.js';
import type { Part, PartCounts } from './part.js';
import { type RingestCounts, RingestProcess, toIndexers } from './ringest-process.js';

const STREAM = 'soak';
const CONSUMER = 'ship';
const SUBJECT = 'soak.{tag}';
const SHIPS = ['queue ship 1', 'queue ship 2'];

/** Messages that each of these has and has not acknowledged, at most. */
const MAX_UNCONFIRMED = 1000;
/**
 * A kill of one of them: what it has pulled since it was asked last, which is no more than it may have and as much again,
 * and what it may have sent again since then.
 */
const REPEATED_A_KILL = 3 * MAX_UNCONFIRMED;

const LOOK_MS = 50;

/**
 * `ringest ship --to` of a file that grows, a NATS server, and two `ringest ship --nats` of one consumer. All of them
 * are killed.
 */
export class Queue implements Part {
  readonly name = 'queue';
  readonly description = 'ringest ship --to a NATS server, and two ringest ship --nats from there';
  readonly faults: readonly Fault[] = ['kill', 'stop', 'rotate', 'crash'];
  readonly isNeeded = false;
  readonly #scene: Scene;
  readonly #server: NatsServer;
  readonly #entries: SoakEntries;
  readonly #log: GrowingLog;
  readonly #pace: Pace;
  /** By their names: the one that publishes, and those that take messages. */
  readonly #ships = new Map<string, RingestProcess>();
  /** Of all lives before of those that take messages. */
  #before = { resent: 0, reconnects: 0, pulled: 0, kills: 0 };

  private constructor(scene: Scene, server: NatsServer) {
    this.#scene = scene;
    this.#server = server;
    this.#entries = new SoakEntries(scene.addStream(), scene.seed, scene.startSeconds);
    this.#log = new GrowingLog(scene, this.name, this.#entries);
    for (const name of [this.name, ...SHIPS]) this.#start(name);
    this.#pace = new Pace(scene.rate, this.#log.write);
  }

  static async start(scene: Scene): Promise<Queue | undefined> {
    const server = await NatsServer.start(scene);
    if (server === undefined) {
      scene.told('there is no nats-server (a Debian package): the part queue is left out');
      return undefined;
    }
    try {
      await server.makeStream(STREAM, SUBJECT.replace('{tag}', '*'));
      return new Queue(scene, server);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get process(): SoakProcess {
    return this.#ship(this.name).process;
  }

  get others(): ReadonlyMap<string, SoakProcess> {
    return new Map(SHIPS.map((name) => [name, this.#ship(name).process]));
  }

  get sent() {
    return [{ stream: this.#entries.stream, sent: this.#log.written }];
  }

  /** What is confirmed is what has arrived: those that take messages count some of them twice. */
  get counts(): PartCounts {
    const { resent, reconnects, hot, cached } = this.#taken;
    const { arrived } = this.#scene.account.counts([this.#entries.stream]);
    return {
      ...{ written: this.#log.written, confirmed: arrived, hot, cached },
      resent: this.#before.resent + resent,
      reconnects: this.#before.reconnects + reconnects,
    };
  }

  /**
   * All messages that were pulled beyond one for each entry, whyever: the stream had the entry twice after a kill of the one
   * that publishes, or the server delivered it twice.
   */
  get mayRepeat(): number {
    const { resent, pulled } = this.#taken;
    const again = Math.max(this.#before.pulled + pulled - this.#log.written, 0);
    return again + this.#before.resent + resent + this.#before.kills * REPEATED_A_KILL;
  }

  takeLatency(): undefined {}

  async suffer({ fault, forMs, amount }: PlannedFault, signal: AbortSignal): Promise<void> {
    const lasts = () => delay(forMs, undefined, { signal }).catch(() => {});
    const names = [...this.#ships.keys()];
    const name = names[Math.floor(amount * names.length)] ?? this.name;
    if (fault === 'rotate') {
      this.#log.rotate(amount < 0.5);
    } else if (fault === 'stop') {
      const { process } = this.#ship(name);
      process.freeze();
      await lasts();
      process.thaw();
    } else if (fault === 'kill') {
      await this.#ship(name).untilLooked(signal);
      if (signal.aborted) return;
      await this.#kill(name);
      await lasts();
      this.#start(name);
    } else if (fault === 'crash') {
      await this.#server.kill();
      await lasts();
      this.#server.restart();
    } else {
      throw new Error(`a queue has no fault '${fault}'`);
    }
  }

  async finish(signal: AbortSignal): Promise<void> {
    this.#pace.stop();
    while (this.#log.complete < this.#log.written) await delay(LOOK_MS, undefined, { signal });
    await this.#server.untilEmpty(STREAM, CONSUMER, signal);
    await Promise.all([...this.#ships.values()].map((ship) => ship.end()));
  }

  async stop(): Promise<void> {
    this.#pace.stop();
    await Promise.all([...this.#ships.values()].map((ship) => ship.kill()));
    await this.#server.stop();
  }

  /** What those that take messages have counted together in these lives. */
  get #taken(): Omit<RingestCounts, 'confirmed' | 'recovered'> {
    const all = SHIPS.map((name) => this.#ship(name).counts);
    const sum = (of: (counts: RingestCounts) => number) =>
      all.reduce((total, counts) => total + of(counts), 0);
    return {
      resent: sum(({ resent }) => resent),
      reconnects: sum(({ reconnects }) => reconnects),
      hot: sum(({ hot }) => hot),
      cached: sum(({ cached }) => cached),
      pulled: sum(({ pulled }) => pulled),
    };
  }

  #ship(name: string): RingestProcess {
    const ship = this.#ships.get(name);
    if (ship === undefined) throw new Error(`there is no ${name}`);
    return ship;
  }

  async #kill(name: string): Promise<void> {
    const ship = this.#ship(name);
    await ship.kill();
    if (name === this.name) return;
    const { resent, reconnects, pulled } = ship.counts;
    this.#before = {
      resent: this.#before.resent + resent,
      reconnects: this.#before.reconnects + reconnects,
      pulled: this.#before.pulled + pulled,
      kills: this.#before.kills + 1,
    };
  }

  #start(name: string): void {
    const { url } = this.#server;
    const publishes = ['--to', url, '--nats-subject', SUBJECT, ...this.#log.followed];
    const takes = [
      ...['--nats', url, '--nats-stream', STREAM, '--nats-consumer', CONSUMER, '--nats-create'],
      ...['--nats-restore', '--nats-max-unconfirmed', `${MAX_UNCONFIRMED}`],
      ...toIndexers(this.#scene),
    ];
    const args = ['ship', ...(name === this.name ? publishes : takes)];
    this.#ships.set(name, new RingestProcess(this.#scene, name, args));
  }
}
