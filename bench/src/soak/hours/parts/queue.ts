import { setTimeout as delay } from 'node:timers/promises';
import { NATS_PROGRAM } from '../../../shared/nats-program.js';
import type { Fault, PlannedFault, Struck } from '../faults.js';
import type { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { SoakEntries } from '../soak-entries.js';
import { GrowingLog } from './growing-log.js';
import { killFollower } from './kill-follower.js';
import type { Latency } from './latency.js';
import { NatsServer } from './nats-server.js';
import { Pace } from './pace.js';
import type { Part, PartCounts } from './part.js';
import { RingestLives } from './ringest-lives.js';
import { type RingestCounts, toIndexers } from './ringest-process.js';

const STREAM = 'soak';
const CONSUMER = 'ship';
const SUBJECT = 'soak.{tag}';
const TAKERS = ['queue ship 1', 'queue ship 2'];

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
  readonly connections: number;
  readonly #scene: Scene;
  readonly #server: NatsServer;
  readonly #entries: SoakEntries;
  readonly #log: GrowingLog;
  readonly #pace: Pace;
  /** The one that publishes, and those that take messages. */
  readonly #publisher: RingestLives;
  readonly #takers: readonly RingestLives[];
  /** What the stream may have had twice because of kills of the one that publishes, and of the server. */
  #republished = 0;
  /** How many messages the stream has had, once that is known. */
  #stored: number | undefined;

  private constructor(scene: Scene, server: NatsServer) {
    this.#scene = scene;
    this.#server = server;
    this.connections = TAKERS.length * scene.targets('tcp').length;
    this.#entries = new SoakEntries(scene.addStream(), scene.seed, scene.startSeconds);
    this.#log = new GrowingLog(scene, this.name, this.#entries);
    const { url } = server;
    const publishes = ['ship', '--to', url, '--nats-subject', SUBJECT, ...this.#log.followed];
    const takes = [
      ...['ship', '--nats', url, '--nats-stream', STREAM, '--nats-consumer', CONSUMER],
      ...['--nats-create', '--nats-restore', '--nats-max-unconfirmed', `${MAX_UNCONFIRMED}`],
      ...toIndexers(scene),
    ];
    this.#publisher = new RingestLives(scene, this.name, publishes);
    this.#takers = TAKERS.map((name) => new RingestLives(scene, name, takes));
    this.#pace = new Pace(scene.rate, this.#log);
  }

  static async start(scene: Scene): Promise<Queue | undefined> {
    const server = await NatsServer.start(scene);
    if (server === undefined) {
      scene.leftOut('the part queue, since there is no nats-server (a Debian package)');
      return undefined;
    }
    try {
      await server.makeStream(STREAM, SUBJECT.replace('{tag}', '*'));
      return new Queue(scene, server);
    } catch (error) {
      await server.kill();
      throw error;
    }
  }

  get process(): SoakProcess {
    return this.#publisher.process;
  }

  get others(): ReadonlyMap<string, SoakProcess> {
    return new Map(this.#takers.map(({ name, process }) => [name, process]));
  }

  get sent() {
    return [{ stream: this.#entries.stream, sent: this.#log.written }];
  }

  /** What is confirmed is what has arrived: those that take messages count some of them twice. */
  get counts(): PartCounts {
    const { arrived } = this.#scene.account.counts([this.#entries.stream]);
    return {
      ...{ written: this.#log.written, confirmed: arrived },
      ...{ resent: this.#taken('resent'), reconnects: this.#taken('reconnects') },
      ...{ hot: this.#taken('hot'), cached: this.#taken('cached') },
    };
  }

  /**
   * What the stream had twice, as far as kills explain it; what the server delivered more often than the
   * stream had it, for whatever reason; and what was sent to indexers again.
   */
  get mayRepeat(): number {
    const stored = this.#stored ?? this.#log.written;
    const republished = Math.min(stored - this.#log.written, this.#republished);
    const redelivered = Math.max(this.#taken('pulled') - stored, 0);
    const kills = this.#takers.reduce((sum, taker) => sum + taker.kills, 0);
    return republished + redelivered + this.#taken('resent') + kills * REPEATED_A_KILL;
  }

  takeLatency(): Latency | undefined {
    return this.#pace.takeLatency();
  }

  async suffer(planned: PlannedFault, signal: AbortSignal): Promise<readonly Struck[]> {
    const { fault, forMs, amount } = planned;
    const ships = [this.#publisher, ...this.#takers];
    const ship = ships[Math.floor(amount * ships.length)] ?? this.#publisher;
    if (fault === 'rotate') {
      this.#log.rotate(amount < 0.5);
      return [{ name: this.name, isKilled: false }];
    }
    if (fault === 'crash') {
      await this.#server.kill();
      // It publishes again what the server had stored and not answered. What is delivered by then the server has forgotten.
      this.#republished += this.#log.countUnconfirmed();
      await delay(forMs, undefined, { signal }).catch(() => {});
      this.#server.restart();
      return [{ name: NATS_PROGRAM, isKilled: true }];
    }
    if (fault === 'stop') await ship.process.standStill(forMs, signal);
    else if (fault === 'kill') await this.#kill(ship, forMs, signal);
    else throw new Error(`a queue has no fault '${fault}'`);
    return [{ name: ship.name, isKilled: fault === 'kill' }];
  }

  async finish(deadline: AbortSignal): Promise<void> {
    this.#pace.stop();
    while (this.#log.arrived() < this.#log.written) {
      await delay(LOOK_MS, undefined, { signal: deadline });
    }
    this.#stored = await this.#server.untilEmpty(STREAM, CONSUMER, deadline);
    await Promise.all([this.#publisher, ...this.#takers].map((ship) => ship.end(deadline)));
  }

  async stop(): Promise<void> {
    this.#pace.stop();
    const ships = [this.#publisher, ...this.#takers];
    await Promise.all([...ships.map((ship) => ship.stop()), this.#server.kill()]);
  }

  async #kill(ship: RingestLives, forMs: number, signal: AbortSignal): Promise<void> {
    if (ship === this.#publisher) {
      this.#republished += await killFollower(ship, this.#log, forMs, signal);
    } else if (await ship.kill(signal)) {
      await delay(forMs, undefined, { signal }).catch(() => {});
      ship.start();
    }
  }

  /** What those that take messages have counted together. */
  #taken(key: keyof RingestCounts): number {
    return this.#takers.reduce((sum, { counts }) => sum + counts[key], 0);
  }
}
