import { InvalidArgumentError } from '@ringest/core';

/** @throws {InvalidArgumentError} the option is not what is wanted */
export function check(name: string, value: unknown, isUsable: boolean, wanted: string): void {
  if (!isUsable) throw new InvalidArgumentError(`options.${name}`, value, wanted);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
