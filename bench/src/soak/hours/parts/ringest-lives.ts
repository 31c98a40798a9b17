import type { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { NO_COUNTS, type RingestCounts, RingestProcess } from './ringest-process.js';

/** A `ringest` that is started again after it was killed, and what all its lives have counted. */
export class RingestLives {
  readonly name: string;
  readonly #scene: Scene;
  readonly #args: readonly string[];
  #life: RingestProcess;
  /** Of all lives before. */
  #before = NO_COUNTS;
  #kills = 0;
  #isDead = false;

  /** @param args see {@link RingestProcess} */
  constructor(scene: Scene, name: string, args: readonly string[]) {
    this.#scene = scene;
    this.name = name;
    this.#args = args;
    this.#life = new RingestProcess(scene, name, args);
  }

  get process(): SoakProcess {
    return this.#life.process;
  }

  /** Of all lives; what is hot or in the cache is so now. */
  get counts(): RingestCounts {
    const now = this.#isDead ? NO_COUNTS : this.#life.counts;
    const { resent, reconnects, hot, cached, recovered, pulled } = now;
    return {
      resent: this.#before.resent + resent,
      reconnects: this.#before.reconnects + reconnects,
      ...{ hot, cached },
      recovered: this.#before.recovered + recovered,
      pulled: this.#before.pulled + pulled,
    };
  }

  get kills(): number {
    return this.#kills;
  }

  /**
   * Kills it without warning, as soon as it has said what it counts.
   * @param signal it is not killed any more
   * @returns whether it was
   */
  async kill(signal: AbortSignal): Promise<boolean> {
    await this.#life.untilLooked(signal);
    if (signal.aborted) return false;
    await this.#life.kill();
    this.#before = this.counts;
    this.#isDead = true;
    this.#kills++;
    return true;
  }

  /** Starts it again, after `kill`. */
  start(): void {
    this.#life = new RingestProcess(this.#scene, this.name, this.#args);
    this.#isDead = false;
  }

  /**
   * Ends it as a service manager does.
   * @throws it did not send everything
   */
  end(deadline: AbortSignal): Promise<void> {
    return this.#life.end(deadline);
  }

  /** Ends it at once, for good. */
  stop(): Promise<void> {
    return this.#life.kill();
  }
}
