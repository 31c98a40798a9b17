/** Random numbers that follow from a seed, for simulations that can be run again. */
export class SeededRandom {
  #state: number;

  /** @param seed an integer */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 up to, but not including, 1 (mulberry32). */
  readonly uniform = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let word = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };

  /** Log-normal: most are near the median, few are several times as much. */
  logNormal(median: number, sigma: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * this.uniform()));
  }

  /** Pareto: never less than `least`, and the lower `alpha`, the more of them are far more. */
  pareto(least: number, alpha: number): number {
    return least * (1 - this.uniform()) ** (-1 / alpha);
  }
}
