const COMPACT = new Intl.NumberFormat('en-US', {
  notation: 'compact',
  maximumSignificantDigits: 3,
});

/** As `1.87M`. */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** As `1,874,201`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Three digits that count, as a measurement has them: `0.123`, `12.3`, `1,230`. */
export function measured(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

/** As `1.2 ms`. */
export function milliseconds(value: number): string {
  return `${measured(value)}\u00a0ms`;
}

/** A share of 1 as `12 %`. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(share < 0.1 ? 1 : 0))}\u00a0%`;
}

/** As `12.4 s`. */
export function seconds(value: number): string {
  return `${value.toFixed(1)}\u00a0s`;
}

/** As `64 KiB`. */
export function binaryBytes(value: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  const power = Math.min(Math.floor(Math.log2(Math.max(value, 1)) / 10), units.length - 1);
  return `${measured(value / 1024 ** power)} ${units[power]}`;
}
