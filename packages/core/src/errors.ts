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

/** The muxer is not started yet, or is closing or closed. */
export class NotRunningError extends RingestError {
  readonly code = 'ERR_NOT_RUNNING';

  constructor(state: string) {
    super(`the muxer is ${state}: entries are taken between start() and close()`);
  }
}

/** A tag name or number that the muxer was not configured with. */
export class UnknownTagError extends RingestError {
  readonly code = 'ERR_UNKNOWN_TAG';
  readonly tag: string | number;

  constructor(tag: string | number) {
    const shown = typeof tag === 'string' ? JSON.stringify(tag) : String(tag);
    super(`tag ${shown} is not known to this muxer: list it in the configuration's tags`);
    this.tag = tag;
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
  readonly backlogBytes: number;

  constructor(backlogBytes: number) {
    super(
      `${backlogBytes} bytes of entries wait for room already: ` +
        'await the promise that writeEntry and writeBatch return before writing more',
    );
    this.backlogBytes = backlogBytes;
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

/** A waiting write was given up, by timeout, signal or close, before all of it found room. */
export class WriteAbandonedError extends RingestError {
  readonly code = 'ERR_WRITE_ABANDONED';
  /** Entries of the write that were accepted, from its first on; they will be delivered. */
  readonly accepted: number;
  /** Entries of the write that were not: they are the caller's again. */
  readonly refused: number;

  constructor(accepted: number, refused: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`${refused} entries found no room and were not accepted, ${accepted} were: ${reason}`, {
      cause,
    });
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
