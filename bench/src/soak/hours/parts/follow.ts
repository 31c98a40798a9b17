import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, PlannedFault } from '../faults.js';
import type { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { SoakEntries } from '../soak-entries.js';
import { GrowingLog, REPEATED_A_KILL } from './growing-log.js';
import { Pace } from './pace.js';
import type { Part, PartCounts } from './part.js';
import { RingestProcess, toIndexers } from './ringest-process.js';

const LOOK_MS = 50;

/** `ringest ship --follow` of a file that grows and is rotated, and whose state file survives its kills. */
export class Follow implements Part {
  readonly name = 'follow';
  readonly description = 'ringest ship --follow of a file that is rotated, by TCP';
  readonly faults: readonly Fault[] = ['kill', 'stop', 'rotate'];
  readonly isNeeded = false;
  readonly #scene: Scene;
  readonly #entries: SoakEntries;
  readonly #log: GrowingLog;
  readonly #pace: Pace;
  #ship: RingestProcess;
  /** Of all lives before. */
  #before = { confirmed: 0, resent: 0, reconnects: 0, kills: 0 };

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#entries = new SoakEntries(scene.addStream(), scene.seed, scene.startSeconds);
    this.#log = new GrowingLog(scene, this.name, this.#entries);
    this.#ship = this.#start();
    this.#pace = new Pace(scene.rate, this.#log.write);
  }

  get process(): SoakProcess {
    return this.#ship.process;
  }

  get sent() {
    return [{ stream: this.#entries.stream, sent: this.#log.written }];
  }

  get counts(): PartCounts {
    const { confirmed, resent, reconnects, hot, cached } = this.#ship.counts;
    return {
      written: this.#log.written,
      confirmed: this.#before.confirmed + confirmed,
      resent: this.#before.resent + resent,
      reconnects: this.#before.reconnects + reconnects,
      hot,
      cached,
    };
  }

  get mayRepeat(): number {
    return this.counts.resent + this.#before.kills * REPEATED_A_KILL;
  }

  takeLatency(): undefined {}

  async suffer({ fault, forMs, amount }: PlannedFault, signal: AbortSignal): Promise<void> {
    const lasts = () => delay(forMs, undefined, { signal }).catch(() => {});
    if (fault === 'rotate') {
      this.#log.rotate(amount < 0.5);
    } else if (fault === 'stop') {
      this.process.freeze();
      await lasts();
      this.process.thaw();
    } else if (fault === 'kill') {
      await this.#ship.kill();
      const { confirmed, resent, reconnects, kills } = this.#before;
      const { counts } = this.#ship;
      this.#before = {
        confirmed: confirmed + counts.confirmed,
        resent: resent + counts.resent,
        reconnects: reconnects + counts.reconnects,
        kills: kills + 1,
      };
      await lasts();
      this.#ship = this.#start();
    } else {
      throw new Error(`a follower has no fault '${fault}'`);
    }
  }

  async finish(signal: AbortSignal): Promise<void> {
    this.#pace.stop();
    while (this.#log.complete < this.#log.written) await delay(LOOK_MS, undefined, { signal });
    await this.#ship.end();
  }

  async stop(): Promise<void> {
    this.#pace.stop();
    await this.#ship.kill();
  }

  #start(): RingestProcess {
    const args = ['ship', ...toIndexers(this.#scene), ...this.#log.followed];
    return new RingestProcess(this.#scene, this.name, args);
  }
}
