import { countedEntries, messageOf, RingestError } from '@ringest/codec';

/**
 * A configuration that cannot be used. `field` is the path of the option, such as `targets.0` or
 * `ringBytes`.
 */
export class ConfigurationError extends RingestError {
  readonly code = 'ERR_CONFIGURATION';
  /** The path of the option, such as `targets.0` or `ringBytes`. */
  readonly field: string;

  constructor(field: string, problem: string, options?: ErrorOptions) {
    super(`configuration field ${field}: ${problem}`, options);
    this.field = field;
  }
}

/** Runs a check of one option. An error of `check` becomes the cause of a {@link ConfigurationError}. */
export function atField<Value>(field: string, check: () => Value): Value {
  try {
    return check();
  } catch (error) {
    throw new ConfigurationError(field, (error as Error).message, { cause: error });
  }
}

/** The call needs a running muxer, and this one is not started, closing or closed. */
export class NotRunningError extends RingestError {
  readonly code = 'ERR_NOT_RUNNING';

  constructor(state: string) {
    super(`the muxer is ${state}: make this call after start() and before close()`);
  }
}

/**
 * The function that returns the time of a line has tried to write with the same muxer. Nothing of that was
 * written.
 */
export class NestedWriteError extends RingestError {
  readonly code = 'ERR_NESTED_WRITE';

  constructor() {
    super('the muxer is writing lines just now: return the time of the line first, and write then');
  }
}

/** A tag name or number that the muxer does not know: it was neither configured nor negotiated. */
export class UnknownTagError extends RingestError {
  readonly code = 'ERR_UNKNOWN_TAG';
  /** The name or the number that was given. */
  readonly tag: string | number;

  constructor(tag: string | number) {
    const shown = typeof tag === 'string' ? JSON.stringify(tag) : String(tag);
    super(
      `this muxer does not know the tag ${shown}: add it to the option tags, or call negotiateTag()`,
    );
    this.tag = tag;
  }
}

/** Every connected indexer refuses the tag. Entries with it are refused until an indexer accepts it. */
export class TagRefusedError extends RingestError {
  readonly code = 'ERR_TAG_REFUSED';
  /** The name of the tag. */
  readonly tag: string;
  /** The names of all tags with entries that wait for an indexer that accepts them, `tag` among them. */
  readonly tags: readonly string[];

  constructor(tag: string, tags: readonly string[] = [tag]) {
    super(
      `every connected indexer refuses the tag ${JSON.stringify(tag)}: allow it on an indexer, or use another tag`,
    );
    this.tag = tag;
    this.tags = tags;
  }
}

/** A muxer has no number left for another tag. */
export class TooManyTagsError extends RingestError {
  readonly code = 'ERR_TOO_MANY_TAGS';
  /** The name of the tag that found no number. */
  readonly tag: string;

  constructor(tag: string, max: number) {
    super(
      `the tag ${JSON.stringify(tag)} cannot be added: a muxer has at most ${max} tags, use one of them`,
    );
    this.tag = tag;
  }
}

/** Every lane has given up for good, so nothing can be sent any more. `cause` is the last error of a lane. */
export class AllTargetsFailedError extends RingestError {
  readonly code = 'ERR_ALL_TARGETS_FAILED';

  constructor(lastError: Error) {
    super(
      `every target has failed for good: ${lastError.message}; close this muxer and start another`,
      {
        cause: lastError,
      },
    );
  }
}

/** A target that cannot be added or removed while the muxer runs. */
export class TargetChangeError extends RingestError {
  readonly code = 'ERR_TARGET_CHANGE';
  /** The address of the target. */
  readonly address: string;

  constructor(address: string, problem: string) {
    super(`the target ${address} cannot be changed: ${problem}`);
    this.address = address;
  }
}

/** Metadata, a configuration or a child state that cannot be written as JSON for the indexers (§8). */
export class InvalidStateError extends RingestError {
  readonly code = 'ERR_INVALID_STATE';

  constructor(what: string, options?: ErrorOptions) {
    super(`${what} cannot be written as JSON: give plain values, arrays and objects`, options);
  }
}

/**
 * Why a ditto block failed:
 * - `version`: no connected indexer knows ditto blocks (API version 9)
 * - `tag`: the indexer does not accept one of the block's tags
 * - `refused`: the indexer answered that it did not store the block
 * - `lost`: the connection was lost
 * - `cancelled`: the signal was aborted
 */
export type DittoFailure = 'version' | 'tag' | 'refused' | 'lost' | 'cancelled';

/** A ditto block that was not stored, or may not have been (§10). The muxer does not send it again. */
export class DittoError extends RingestError {
  readonly code = 'ERR_DITTO';
  /** Why the block failed. */
  readonly reason: DittoFailure;
  /**
   * `true`: an indexer may have stored the block, because its answer is missing; writing the block
   * again may duplicate its entries. `false`: no indexer has the block, and it can be written again.
   */
  readonly mayBeStored: boolean;

  constructor(reason: DittoFailure, mayBeStored: boolean, problem: string, options?: ErrorOptions) {
    const known = mayBeStored
      ? 'the ditto block may or may not be stored'
      : 'the ditto block is not stored';
    super(`${known}: ${problem}`, options);
    this.reason = reason;
    this.mayBeStored = mayBeStored;
  }
}

/** The call needs a hot lane, and no lane is hot. `cause` is the last error of a lane, if there is one. */
export class NotHotError extends RingestError {
  readonly code = 'ERR_NOT_HOT';

  constructor(lastError: Error | undefined) {
    const reason = lastError === undefined ? '' : ` (${lastError.message})`;
    super(`no indexer is connected${reason}: await waitForHot() first`, { cause: lastError });
  }
}

/**
 * A write was refused, because earlier writes that wait for room take too much memory. Nothing of it was
 * written.
 */
export class BacklogFullError extends RingestError {
  readonly code = 'ERR_BACKLOG_FULL';
  /** The memory of the entries that wait, in bytes, with the cost of each write and each entry. */
  readonly backlogBytes: number;

  constructor(backlogBytes: number) {
    super(
      `entries of ${backlogBytes} bytes wait already, and the option backlogBytes allows no more: ` +
        'await the promises of earlier writes before the next one',
    );
    this.backlogBytes = backlogBytes;
  }
}

/** An argument of a type that the call does not accept. */
export class InvalidArgumentError extends RingestError {
  readonly code = 'ERR_INVALID_ARGUMENT';
  /** The name of the argument, such as `name` or `options.signal`. */
  readonly argument: string;
  /** The value that was given. */
  readonly value: unknown;

  /** @param wanted what the caller should give instead */
  constructor(argument: string, value: unknown, wanted: string) {
    const kind = value === null ? 'null' : typeof value;
    super(`the argument ${argument} has the type ${kind}: give ${wanted}`);
    this.argument = argument;
    this.value = value;
  }
}

/** A timeout that is not a number of milliseconds, 1 or more. */
export class InvalidTimeoutError extends RingestError {
  readonly code = 'ERR_INVALID_TIMEOUT';
  /** The value that was given. */
  readonly timeout: unknown;

  constructor(timeout: unknown) {
    super(`${String(timeout)} is not a timeout: give milliseconds, 1 or more, or leave it out`);
    this.timeout = timeout;
  }
}

/**
 * A timeout passed before the awaited thing happened. `cause` is the last error of a connection, if
 * there is one.
 */
export class WaitTimeoutError extends RingestError {
  readonly code = 'ERR_WAIT_TIMEOUT';
  /** The timeout that passed, in milliseconds. */
  readonly timeout: number;

  constructor(awaited: string, timeout: number, lastError?: Error) {
    const reason = lastError === undefined ? '' : `; last problem: ${lastError.message}`;
    super(`timed out after ${timeout} ms, waiting for ${awaited}${reason}`, { cause: lastError });
    this.timeout = timeout;
  }
}

/**
 * A write ended early, by its timeout, its signal or `close`: not all of its entries found room, or,
 * with the cache mode `journal`, it is not known whether they are stored.
 */
export class WriteAbandonedError extends RingestError {
  readonly code = 'ERR_WRITE_ABANDONED';
  /** How many entries of the write were accepted, counted from its first. They will be delivered. */
  readonly accepted: number;
  /** How many entries of the write were not accepted: its last ones. The muxer has no copy of them. */
  readonly refused: number;

  constructor(accepted: number, refused: number, cause: unknown) {
    const reason = messageOf(cause);
    super(
      refused === 0
        ? `${countedEntries(accepted)} accepted, but it is not known whether all are stored: ${reason}`
        : `${countedEntries(refused)} not accepted for lack of room, ${accepted} accepted: ${reason}`,
      { cause },
    );
    this.accepted = accepted;
    this.refused = refused;
  }
}

/** A batch or ditto block with an entry that cannot be written. None of its entries was written. */
export class BatchError extends RingestError {
  readonly code = 'ERR_BATCH';
  /** The index of the first entry that cannot be written; `cause` says what is wrong with it. */
  readonly index: number;

  constructor(index: number, cause: unknown) {
    const reason = messageOf(cause);
    super(`entry ${index} cannot be written, so nothing of its batch was: ${reason}`, { cause });
    this.index = index;
  }
}

/**
 * A line that a line writer has refused: nothing of it was written, and all other lines were. `reason` is
 * `length` if it has more than `maxLineBytes`, and `time` if it has no valid time; `cause` says why.
 */
export class LineRefusedError extends RingestError {
  readonly code = 'ERR_LINE_REFUSED';
  /**
   * `length`: the line has more than `maxLineBytes`. `time`: it has no valid time, and `cause` says
   * why.
   */
  readonly reason: 'length' | 'time';
  /** Bytes of the line, as far as it was there. */
  readonly bytes: number;
  /** The option of the line writer, in bytes. */
  readonly maxLineBytes: number;

  constructor(reason: 'length' | 'time', bytes: number, maxLineBytes: number, cause?: unknown) {
    const problem =
      reason === 'length'
        ? `it is longer than ${maxLineBytes} bytes: raise maxLineBytes, or have long lines split`
        : `it has no valid time: ${messageOf(cause)}`;
    super(`a line of ${bytes} bytes was not written: ${problem}`, { cause });
    this.reason = reason;
    this.bytes = bytes;
    this.maxLineBytes = maxLineBytes;
  }
}
