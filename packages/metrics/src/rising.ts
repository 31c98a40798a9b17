import type { Sample } from './definitions.js';

/**
 * Keeps a counter from falling: the confirmed entries of a lane may fall by a few when its thread dies, and
 * Prometheus would take that for a restart, and count everything again. Values that are gone are forgotten.
 */
export class Rising {
  #highest = new Map<string, number>();

  /** The samples, with none lower than it was. */
  apply(samples: readonly Sample[]): Sample[] {
    const before = this.#highest;
    this.#highest = new Map();
    return samples.map(({ labels, value }) => {
      const key = JSON.stringify(labels);
      const highest = Math.max(value, before.get(key) ?? 0);
      this.#highest.set(key, highest);
      return { labels, value: highest };
    });
  }
}
