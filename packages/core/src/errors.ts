import { RingestError } from '@ringest/codec';

/** A configuration that cannot be used. `field` is where, as `targets.0` or `ringBytes`. */
export class ConfigurationError extends RingestError {
  readonly code = 'ERR_CONFIGURATION';
  readonly field: string;

  constructor(field: string, problem: string, options?: ErrorOptions) {
    super(`configuration field ${field}: ${problem}`, options);
    this.field = field;
  }
}

/** Checks a field: what `check` throws becomes a {@link ConfigurationError}. */
export function atField<Value>(field: string, check: () => Value): Value {
  try {
    return check();
  } catch (error) {
    throw new ConfigurationError(field, (error as Error).message, { cause: error });
  }
}

/** The muxer is not started yet, or is closing or closed. */
export class NotRunningError extends RingestError {
  readonly code = 'ERR_NOT_RUNNING';

  constructor(state: string) {
    super(`the muxer is ${state}: entries are taken between start() and close()`);
  }
}

/** A tag name or number that the muxer does not know. */
export class UnknownTagError extends RingestError {
  readonly code = 'ERR_UNKNOWN_TAG';
  readonly tag: string | number;

  constructor(tag: string | number) {
    const shown = typeof tag === 'string' ? JSON.stringify(tag) : String(tag);
    super(`tag ${shown} is not known to this muxer: configure it, or use negotiateTag()`);
    this.tag = tag;
  }
}

/** Every indexer that is connected has refused a tag; entries with it are not taken for now. */
export class TagRefusedError extends RingestError {
  readonly code = 'ERR_TAG_REFUSED';
  readonly tag: string;

  constructor(tag: string) {
    super(
      `every connected indexer refuses tag ${JSON.stringify(tag)}: allow it there, or use another`,
    );
    this.tag = tag;
  }
}

/** One tag more than there are numbers. */
export class TooManyTagsError extends RingestError {
  readonly code = 'ERR_TOO_MANY_TAGS';
  readonly tag: string;

  constructor(tag: string, most: number) {
    super(`tag ${JSON.stringify(tag)} is one too many: a muxer has ${most} tags at most`);
    this.tag = tag;
  }
}

/** No indexer is left: every lane has given up for good. */
export class AllTargetsFailedError extends RingestError {
  readonly code = 'ERR_ALL_TARGETS_FAILED';

  constructor(lastError: Error) {
    super(`no target is left: ${lastError.message}; close the muxer and start one that can work`, {
      cause: lastError,
    });
  }
}

/** Metadata, a configuration or a child that cannot be told to indexers. */
export class InvalidStateError extends RingestError {
  readonly code = 'ERR_INVALID_STATE';

  constructor(what: string, options?: ErrorOptions) {
    super(`${what} cannot be written as JSON: give plain values, arrays and objects`, options);
  }
}

/** Why a ditto block failed. */
export type DittoFailure = 'version' | 'tag' | 'refused' | 'lost' | 'cancelled';

/** A ditto block that failed, or of which nobody knows; it is not sent again by itself. */
export class DittoError extends RingestError {
  readonly code = 'ERR_DITTO';
  readonly reason: DittoFailure;
  /**
   * True when the block was sent, or may have been, and its answer is not known: an indexer may have
   * it, and a second one would double its entries. False: no indexer has it, it may be sent again.
   */
  readonly mayBeStored: boolean;

  constructor(reason: DittoFailure, mayBeStored: boolean, problem: string, options?: ErrorOptions) {
    const known = mayBeStored
      ? 'nobody knows whether the ditto block is stored'
      : 'the ditto block is not stored';
    super(`${known}: ${problem}`, options);
    this.reason = reason;
    this.mayBeStored = mayBeStored;
  }
}

/** No lane is hot. */
export class NotHotError extends RingestError {
  readonly code = 'ERR_NOT_HOT';

  constructor(lastError: Error | undefined) {
    const reason = lastError === undefined ? '' : ` (${lastError.message})`;
    super(`no indexer is connected${reason}: wait with waitForHot()`, { cause: lastError });
  }
}

/** The write was refused: callers did not wait for the promises of earlier writes. */
export class BacklogFullError extends RingestError {
  readonly code = 'ERR_BACKLOG_FULL';
  /** What waits takes, its keeping included. */
  readonly backlogBytes: number;

  constructor(backlogBytes: number) {
    super(
      `entries that take ${backlogBytes} bytes wait already: ` +
        'await the promises that writes return before writing more',
    );
    this.backlogBytes = backlogBytes;
  }
}

/** An argument of a kind that the call does not take. */
export class InvalidArgumentError extends RingestError {
  readonly code = 'ERR_INVALID_ARGUMENT';
  /** How the call names it, as `name` or `options.signal`. */
  readonly argument: string;
  readonly value: unknown;

  /** @param wanted what to give instead */
  constructor(argument: string, value: unknown, wanted: string) {
    const kind = value === null ? 'null' : typeof value;
    super(`the argument ${argument} cannot be of the kind ${kind}: give ${wanted}`);
    this.argument = argument;
    this.value = value;
  }
}

/** A timeout that is no time. */
export class InvalidTimeoutError extends RingestError {
  readonly code = 'ERR_INVALID_TIMEOUT';
  readonly timeout: unknown;

  constructor(timeout: unknown) {
    super(`a timeout cannot be ${String(timeout)}: give milliseconds, 1 or more, or leave it out`);
    this.timeout = timeout;
  }
}

/** What was waited for did not happen in time. */
export class WaitTimeoutError extends RingestError {
  readonly code = 'ERR_WAIT_TIMEOUT';
  /** Milliseconds. */
  readonly timeout: number;

  constructor(awaited: string, timeout: number, lastError?: Error) {
    const reason = lastError === undefined ? '' : `; last problem: ${lastError.message}`;
    super(`${awaited} did not come about within ${timeout} ms${reason}`, { cause: lastError });
    this.timeout = timeout;
  }
}

/**
 * A waiting write was given up, by timeout, signal or close, before all of it found room, or, under
 * `journal`, was stored.
 */
export class WriteAbandonedError extends RingestError {
  readonly code = 'ERR_WRITE_ABANDONED';
  /** Entries of the write that were accepted, from its first on; they will be delivered. */
  readonly accepted: number;
  /** Entries of the write that were not: they are the caller's again. */
  readonly refused: number;

  constructor(accepted: number, refused: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      refused === 0
        ? `${accepted} entries were accepted, but are not known to be stored: ${reason}`
        : `${refused} entries found no room and were not accepted, ${accepted} were: ${reason}`,
      { cause },
    );
    this.accepted = accepted;
    this.refused = refused;
  }
}

/** One entry of a batch was refused, and with it the batch: none of it was written. */
export class BatchError extends RingestError {
  readonly code = 'ERR_BATCH';
  /** The index of the first bad entry; `cause` says what is wrong with it. */
  readonly index: number;

  constructor(index: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`entry ${index} of the batch is refused, and the batch with it: ${reason}`, { cause });
    this.index = index;
  }
}
