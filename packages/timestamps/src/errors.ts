/** The base class of the errors of wrong options. `code` is stable, and the message says what to do. */
export abstract class TimeOptionError extends Error {
  /** A stable identifier of the class, such as `ERR_INVALID_TIME_ZONE`. */
  abstract readonly code: string;

  override get name(): string {
    return this.constructor.name;
  }
}

/** A time zone that is neither a name of the IANA database, nor an offset, nor `local`. */
export class InvalidTimeZoneError extends TimeOptionError {
  readonly code = 'ERR_INVALID_TIME_ZONE';
  /** The zone that was given. */
  readonly zone: string;

  constructor(zone: string, options?: ErrorOptions) {
    super(
      `'${zone}' is no time zone: give an IANA name such as 'Europe/Paris', ` +
        "an offset such as '+05:30', or 'local'",
      options,
    );
    this.zone = zone;
  }
}

/** A name of a format that there is not. */
export class UnknownTimeFormatError extends TimeOptionError {
  readonly code = 'ERR_UNKNOWN_TIME_FORMAT';
  /** The name that was given. */
  readonly format: string;

  constructor(format: string, known: readonly string[]) {
    super(`there is no time format '${format}': use one of ${known.join(', ')}`);
    this.format = format;
  }
}

/** A custom format that cannot be used: its name, layout or regular expression is wrong. */
export class InvalidTimeFormatError extends TimeOptionError {
  readonly code = 'ERR_INVALID_TIME_FORMAT';
  /** The name of the format. */
  readonly format: string;

  constructor(format: string, problem: string, options?: ErrorOptions) {
    super(`the time format '${format}' cannot be used: ${problem}`, options);
    this.format = format;
  }
}

/** A number among the options that is not within its bounds. */
export class TimeRangeError extends TimeOptionError {
  readonly code = 'ERR_TIME_RANGE';
  /** The name of the option. */
  readonly option: string;
  /** The number that was given. */
  readonly value: number;

  constructor(option: string, value: number) {
    super(`${option} is ${value}: it must be a number, and at least 0`);
    this.option = option;
    this.value = value;
  }
}
