import { setTimeout as delay } from 'node:timers/promises';
import { IndexerChild } from '../shared/indexer-child.js';
import type { IndexerSettings } from '../shared/indexer-messages.js';
import type { PlannedFault } from './plan.js';

/** An embedded indexer to which faults come. It has one address for good. */
export class Victim {
  readonly #settings: IndexerSettings;
  #child: IndexerChild;

  private constructor(settings: IndexerSettings, child: IndexerChild) {
    this.#settings = settings;
    this.#child = child;
  }

  /** @param settings with a port, and a log of what arrives */
  static async start(settings: IndexerSettings): Promise<Victim> {
    return new Victim(settings, await IndexerChild.start(settings));
  }

  get address(): string {
    return this.#child.address;
  }

  /**
   * Has a fault, and is well again when this resolves.
   * @param signal ends the fault early
   */
  async suffer({ fault, forMs, amount }: PlannedFault, signal: AbortSignal): Promise<void> {
    const lasts = () => delay(forMs, undefined, { signal }).catch(() => {});
    switch (fault) {
      case 'kill':
        await this.#child.kill();
        await lasts();
        this.#child = await IndexerChild.start(this.#settings);
        break;
      case 'stop':
        this.#child.freeze();
        await lasts();
        this.#child.thaw();
        break;
      case 'slow':
        await this.#child.delay(amount);
        await lasts();
        await this.#child.delay(0);
        break;
      case 'throttle':
        await this.#child.throttle(amount);
        await lasts();
        await this.#child.throttle(0);
        break;
    }
  }

  /** Ends its process. */
  stop(): Promise<void> {
    return this.#child.stop();
  }
}
