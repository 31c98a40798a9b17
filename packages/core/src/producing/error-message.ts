import * as cacheErrors from '@ringest/cache/errors';
import { InvalidTagError, isError, messageOf, RingestError } from '@ringest/codec';
import { SystemLimitError } from '@ringest/workers';
import * as lossErrors from '../cache/errors.js';
import * as errors from '../errors.js';

/** An error on its way to another thread: messages carry no classes. */
export interface ErrorMessage {
  /** The name of its class. */
  readonly name: string;
  readonly message: string;
  /** Its own fields, as far as they are text, numbers and the like, or lists of them. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: ErrorMessage | undefined;
}

/** The classes that an error can have again on the other side, by name. */
const CLASSES: ReadonlyMap<string, { readonly prototype: object }> = new Map(
  [
    ...Object.values({ ...errors, ...lossErrors, ...cacheErrors }),
    InvalidTagError,
    SystemLimitError,
  ]
    .filter((value) => value.prototype instanceof RingestError)
    .map((type) => [type.name, type]),
);

/** Makes a message of an error, or of anything else that was thrown. */
export function toMessage(error: unknown): ErrorMessage {
  if (!isError(error)) {
    return { name: 'Error', message: messageOf(error), fields: {}, cause: undefined };
  }
  const fields = Object.entries(error).filter(
    ([, value]) => isPrimitive(value) || (Array.isArray(value) && value.every(isPrimitive)),
  );
  return {
    name: error.name,
    message: error.message,
    fields: Object.fromEntries(fields),
    cause: error.cause === undefined ? undefined : toMessage(error.cause),
  };
}

/** Makes an error of a message, with its class if that is one of ringest. */
export function fromMessage({ name, message, fields, cause }: ErrorMessage): Error {
  const error = new Error(message, cause && { cause: fromMessage(cause) });
  const type = CLASSES.get(name);
  if (type === undefined) error.name = name;
  else Object.setPrototypeOf(error, type.prototype);
  return Object.assign(error, fields);
}

function isPrimitive(value: unknown): boolean {
  return Object(value) !== value;
}
