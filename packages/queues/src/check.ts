import { InvalidArgumentError } from '@ringest/core';

/** The value is in a header of each message. */
export interface NamedHeader {
  /** The name of the header. */
  readonly header: string;
}

/**
 * Checks an option of an adapter.
 * @param name the name of the option; empty for all of them
 * @throws {InvalidArgumentError} the option is not what is wanted
 */
export function check(name: string, value: unknown, isUsable: boolean, wanted: string): void {
  const option = name === '' ? 'options' : `options.${name}`;
  if (!isUsable) throw new InvalidArgumentError(option, value, wanted);
}

/** Whether a value is a whole number from 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** How much may be on its way between a queue and indexers, before the rest waits. */
export interface UnconfirmedLimits {
  readonly maxUnconfirmed: number;
  readonly maxUnconfirmedBytes: number;
}

/** Checks the limits of a source or a sink. @throws {InvalidArgumentError} one is no whole number from 1 */
export function checkLimits({ maxUnconfirmed, maxUnconfirmedBytes }: UnconfirmedLimits): void {
  check('maxUnconfirmed', maxUnconfirmed, isCount(maxUnconfirmed), 'a number from 1');
  check('maxUnconfirmedBytes', maxUnconfirmedBytes, isCount(maxUnconfirmedBytes), 'bytes, from 1');
}

/** Whether a value is text. */
export const isText = (value: unknown): value is string => typeof value === 'string';

/** Whether a value is an object. */
export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null;

/** Whether a value names a header. */
export const isHeader = (value: unknown): value is NamedHeader =>
  isObject(value) && 'header' in value && isText(value.header);
