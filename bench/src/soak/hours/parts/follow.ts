import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, PlannedFault, Struck } from '../faults.js';
import type { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { SoakEntries } from '../soak-entries.js';
import { GrowingLog } from './growing-log.js';
import { killFollower } from './kill-follower.js';
import type { Latency } from './latency.js';
import { Pace } from './pace.js';
import type { Part, PartCounts } from './part.js';
import { RingestLives } from './ringest-lives.js';
import { toIndexers } from './ringest-process.js';

const LOOK_MS = 50;

/** `ringest ship --follow` of a file that grows and is rotated, and whose state file survives its kills. */
export class Follow implements Part {
  readonly name = 'follow';
  readonly description = 'ringest ship --follow of a file that is rotated, by TCP';
  readonly faults: readonly Fault[] = ['kill', 'stop', 'rotate'];
  readonly isNeeded = false;
  readonly connections: number;
  readonly #scene: Scene;
  readonly #entries: SoakEntries;
  readonly #log: GrowingLog;
  readonly #pace: Pace;
  readonly #ship: RingestLives;
  /** What may have arrived twice because of kills. */
  #repeated = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.connections = scene.targets('tcp').length;
    this.#entries = new SoakEntries(scene.addStream(), scene.seed, scene.startSeconds);
    this.#log = new GrowingLog(scene, this.name, this.#entries);
    const args = ['ship', ...toIndexers(scene), ...this.#log.followed];
    this.#ship = new RingestLives(scene, this.name, args);
    this.#pace = new Pace(scene.rate, this.#log);
  }

  get process(): SoakProcess {
    return this.#ship.process;
  }

  get sent() {
    return [{ stream: this.#entries.stream, sent: this.#log.written }];
  }

  /** What is confirmed is what has arrived: lives of the process count some entries twice. */
  get counts(): PartCounts {
    const { resent, reconnects, hot, cached } = this.#ship.counts;
    const { arrived } = this.#scene.account.counts([this.#entries.stream]);
    return { written: this.#log.written, confirmed: arrived, resent, reconnects, hot, cached };
  }

  get mayRepeat(): number {
    return this.#ship.counts.resent + this.#repeated;
  }

  takeLatency(): Latency | undefined {
    return this.#pace.takeLatency();
  }

  async suffer(planned: PlannedFault, signal: AbortSignal): Promise<readonly Struck[]> {
    const { fault, forMs, amount } = planned;
    if (fault === 'rotate') {
      this.#log.rotate(amount < 0.5);
    } else if (fault === 'stop') {
      await this.process.standStill(forMs, signal);
    } else if (fault === 'kill') {
      this.#repeated += await killFollower(this.#ship, this.#log, forMs, signal);
    } else {
      throw new Error(`a follower has no fault '${fault}'`);
    }
    return [{ name: this.name, isKilled: fault === 'kill' }];
  }

  async finish(deadline: AbortSignal): Promise<void> {
    this.#pace.stop();
    while (this.#log.arrived() < this.#log.written) {
      await delay(LOOK_MS, undefined, { signal: deadline });
    }
    await this.#ship.end(deadline);
  }

  async stop(): Promise<void> {
    this.#pace.stop();
    await this.#ship.stop();
  }
}
