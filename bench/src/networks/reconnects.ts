/** Attempts that are this close count as at the same moment. */
export const MOMENT_MS = 100;

/** How attempts to connect are spread over time. */
export interface Spread {
  readonly count: number;
  /** The first and the last one, in milliseconds; `undefined`: there is none. */
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
  /** The most within {@link MOMENT_MS}. */
  readonly mostAtOnce: number;
}

/** @param times in any order */
export function spreadOf(times: readonly number[]): Spread {
  const sorted = times.toSorted((a, b) => a - b);
  let mostAtOnce = 0;
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while ((sorted[last] as number) - (sorted[first] as number) > MOMENT_MS) first++;
    mostAtOnce = Math.max(mostAtOnce, last - first + 1);
  }
  return { count: sorted.length, firstMs: sorted[0], lastMs: sorted.at(-1), mostAtOnce };
}
