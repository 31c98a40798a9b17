/** The median of at least one value. */
export function median(values: readonly number[]): number {
  return quantile(values, 1 / 2);
}

/** The value that a share of at least one value is below, between the two nearest if it is none of them. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const lower = sorted[Math.floor(place)] as number;
  const upper = sorted[Math.ceil(place)] as number;
  return lower + (upper - lower) * (place % 1);
}
