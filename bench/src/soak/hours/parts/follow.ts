import { appendFileSync, copyFileSync, mkdirSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, PlannedFault } from '../faults.js';
import type { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { MIN_DATA, SoakEntries } from '../soak-entries.js';
import { Pace } from './pace.js';
import type { Part, PartCounts } from './part.js';
import { ShipProcess } from './ship-process.js';

/** How far it reads ahead of confirmations: at most twice this much is shipped again after a kill. */
const AHEAD_BYTES = 262_144;
/** And what was not confirmed may have been sent again since its last status. */
const REPEATED_A_KILL = Math.ceil((4 * AHEAD_BYTES) / MIN_DATA);

const LOOK_MS = 50;

/** A rotated file, which may be removed once all of its lines have arrived. */
interface Rotated {
  readonly path: string;
  /** The number after its last line. */
  readonly end: number;
}

/** `ringest ship --follow` of a file that grows and is rotated, and whose state file survives its kills. */
export class Follow implements Part {
  readonly name = 'follow';
  readonly description = 'ringest ship --follow of a file that is rotated, by TCP';
  readonly faults: readonly Fault[] = ['kill', 'stop', 'rotate'];
  readonly isNeeded = false;
  readonly #scene: Scene;
  readonly #entries: SoakEntries;
  readonly #path: string;
  readonly #pace: Pace;
  readonly #rotated: Rotated[] = [];
  #rotations = 0;
  #written = 0;
  #ship: ShipProcess;
  /** Of all lives before. */
  #before = { confirmed: 0, resent: 0, reconnects: 0, kills: 0 };

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#entries = new SoakEntries(scene.addStream(), scene.seed, scene.startSeconds);
    const folder = scene.path(this.name);
    mkdirSync(folder);
    this.#path = join(folder, 'app.log');
    this.#ship = this.#start();
    this.#pace = new Pace(scene.rate, (due) => this.#write(due));
  }

  get process(): SoakProcess {
    return this.#ship.process;
  }

  get sent() {
    return [{ stream: this.#entries.stream, sent: this.#written }];
  }

  get counts(): PartCounts {
    const { confirmed, resent, reconnects, hot, cached } = this.#ship.counts;
    return {
      written: this.#written,
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
      this.#rotate(amount < 0.5);
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
    while (this.#complete < this.#written) await delay(LOOK_MS, undefined, { signal });
    await this.#ship.end();
  }

  async stop(): Promise<void> {
    this.#pace.stop();
    await this.#ship.kill();
  }

  get #complete(): number {
    return this.#scene.account.complete(this.#entries.stream);
  }

  #start(): ShipProcess {
    const state = ['--follow', '--state-file', this.#scene.path('follow state')];
    const ahead = ['--max-ahead', `${AHEAD_BYTES}`];
    const args = [...state, ...ahead, `${this.#path}*`];
    return new ShipProcess(this.#scene, this.name, this.#entries.stream, args);
  }

  #write(due: number): void {
    let lines = '';
    for (; this.#written < due; this.#written++) {
      lines += `${this.#entries.data(this.#written).toString('latin1')}\n`;
    }
    if (lines !== '') appendFileSync(this.#path, lines, 'latin1');
  }

  /** @param isCopied the file is copied and truncated; otherwise it is renamed */
  #rotate(isCopied: boolean): void {
    if (this.#written === 0) return;
    const path = `${this.#path}.${++this.#rotations}`;
    if (isCopied) {
      copyFileSync(this.#path, path);
      truncateSync(this.#path);
    } else {
      renameSync(this.#path, path);
      appendFileSync(this.#path, '');
    }
    this.#rotated.push({ path, end: this.#written });
    const complete = this.#complete;
    while (this.#rotated[0] !== undefined && this.#rotated[0].end <= complete) {
      rmSync(this.#rotated.shift()?.path ?? '');
    }
  }
}
