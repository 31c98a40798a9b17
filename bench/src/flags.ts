import { InvalidArgumentError } from 'commander';

/** Reads a whole number within bounds, both of which are allowed. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Reads a time such as `500ms`, `60s` or `2m`, into milliseconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const milliseconds = match && Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  if (!milliseconds) throw new InvalidArgumentError('It must be a time such as 500ms, 60s or 2m.');
  return milliseconds;
}
