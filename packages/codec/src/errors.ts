import { types } from 'node:util';

/**
 * The base class of all errors that ringest throws on purpose. `code` is stable, the message says what
 * to do, and `cause` is the underlying error, if there is one.
 */
export abstract class RingestError extends Error {
  /** A stable identifier of the class, such as `ERR_DECODE`. */
  abstract readonly code: string;

  override get name(): string {
    return this.constructor.name;
  }
}

/** A peer sent bytes that do not follow the protocol. The connection cannot be used any more. */
export class DecodeError extends RingestError {
  readonly code: string = 'ERR_DECODE';
  /** The structure that is malformed, such as `tag response`. */
  readonly structure: string;

  constructor(structure: string, problem: string, options?: ErrorOptions) {
    super(`malformed ${structure}: ${problem}`, options);
    this.structure = structure;
  }
}

/** A peer sent a length that the protocol does not allow. Nothing was allocated for it. */
export class LimitError extends DecodeError {
  override readonly code = 'ERR_LIMIT';
  /** The length that the peer sent. */
  readonly value: number;
  /** The highest length that the protocol allows here. */
  readonly limit: number;

  constructor(structure: string, value: number, limit: number) {
    super(structure, `its length of ${value} is not within the limit of ${limit}`);
    this.value = value;
    this.limit = limit;
  }
}

/** A peer sent a command word that the protocol does not have in this direction (§4). */
export class UnknownCommandError extends DecodeError {
  override readonly code = 'ERR_UNKNOWN_COMMAND';
  /** The word, as an unsigned 32-bit number. */
  readonly word: number;

  constructor(word: number) {
    super('command', `0x${word.toString(16).padStart(8, '0')} is not a command`);
    this.word = word;
  }
}

/** A peer sent compressed bytes whose checksum does not match (§9). */
export class ChecksumError extends DecodeError {
  override readonly code = 'ERR_CHECKSUM';
}

/** A message would be longer than the protocol allows. Nothing was encoded. */
export class OversizedMessageError extends RingestError {
  readonly code = 'ERR_OVERSIZED_MESSAGE';
  /** The kind of the message, such as `tag request`. */
  readonly structure: string;
  /** The length of the message, in bytes. */
  readonly size: number;
  /** The highest length that the protocol allows, in bytes. */
  readonly limit: number;

  constructor(structure: string, size: number, limit: number) {
    super(`a ${structure} of ${size} bytes is over the limit of ${limit}: send less in it`);
    this.structure = structure;
    this.size = size;
    this.limit = limit;
  }
}

/** A tag name that the protocol does not allow (§7). */
export class InvalidTagError extends RingestError {
  readonly code = 'ERR_INVALID_TAG';
  /** The name that was given. */
  readonly tag: string;
  /**
   * What is wrong with the name: it is empty, it has more than 4096 bytes, or a character of it is
   * not allowed.
   */
  readonly reason: 'empty' | 'oversized' | 'forbidden';

  constructor(tag: string, reason: InvalidTagError['reason']) {
    super(`the tag ${excerpt(tag)} ${TAG_PROBLEMS[reason]}`);
    this.tag = tag;
    this.reason = reason;
  }
}

const TAG_PROBLEMS = {
  empty: 'is empty: give a name',
  oversized: 'is too long: a name is at most 4096 bytes of UTF-8',
  forbidden: 'has a forbidden character: use remapTag(), or choose another name',
} as const;

/** A value that is not a point in time, or one that the protocol cannot carry (§5). */
export class InvalidTimestampError extends RingestError {
  readonly code = 'ERR_INVALID_TIMESTAMP';
  /** The value that was given. */
  readonly input: unknown;

  constructor(input: unknown, problem: string, options?: ErrorOptions) {
    super(`${excerpt(input)} is not a timestamp: ${problem}`, options);
    this.input = input;
  }
}

/** A value that is neither an IPv4 nor an IPv6 address. */
export class InvalidSourceError extends RingestError {
  readonly code = 'ERR_INVALID_SOURCE';
  /** The value that was given. */
  readonly input: unknown;

  constructor(
    input: unknown,
    problem = 'give an IPv4 or IPv6 address without zone, as text or as 4 or 16 bytes',
    options?: ErrorOptions,
  ) {
    super(`${excerpt(input)} is not a source: ${problem}`, options);
    this.input = input;
  }
}

/** An enumerated value that exceeds the limits of §6, or does not fit its type. */
export class InvalidEnumeratedValueError extends RingestError {
  readonly code = 'ERR_INVALID_ENUMERATED_VALUE';
  /** The name of the value. */
  readonly valueName: string;
  /** What is wrong with the value, as in the message. */
  readonly reason: string;

  constructor(valueName: string, reason: string, options?: ErrorOptions) {
    super(`the enumerated value ${excerpt(valueName)} ${reason}`, options);
    this.valueName = valueName;
    this.reason = reason;
  }
}

/** An entry with more enumerated values, or more bytes of them, than the protocol allows (§6). */
export class OversizedEnumeratedBlockError extends RingestError {
  readonly code = 'ERR_OVERSIZED_ENUMERATED_BLOCK';
  /** How many values the entry has. */
  readonly count: number;
  /** The length of the encoded values, in bytes. */
  readonly bytes: number;

  constructor(count: number, bytes: number) {
    super(
      `an entry cannot have ${count} enumerated values of ${bytes} bytes: give at most 65535, in 32 MiB`,
    );
    this.count = count;
    this.bytes = bytes;
  }
}

/** An entry with a field of the wrong type or value. */
export class InvalidEntryError extends RingestError {
  readonly code = 'ERR_INVALID_ENTRY';
  /** The name of the invalid field. */
  readonly field: string;
  /** The value of the invalid field. */
  readonly value: unknown;

  constructor(field: string, value: unknown, problem: string) {
    super(`an entry's ${field} cannot be ${excerpt(value)}: ${problem}`);
    this.field = field;
    this.value = value;
  }
}

/** An entry with more data than the protocol allows (§5). */
export class OversizedEntryError extends RingestError {
  readonly code = 'ERR_OVERSIZED_ENTRY';
  /** The length of the data, in bytes. */
  readonly bytes: number;
  /** The highest length that is allowed, in bytes. */
  readonly limit: number;

  constructor(bytes: number, limit: number) {
    super(
      `an entry of ${bytes} bytes is too large: split it into entries of at most ${limit} bytes`,
    );
    this.bytes = bytes;
    this.limit = limit;
  }
}

/** A tenant that cannot be encoded in a challenge response (§3). */
export class InvalidTenantError extends RingestError {
  readonly code = 'ERR_INVALID_TENANT';
  /** The tenant that was given. */
  readonly tenant: string;

  constructor(tenant: string, problem: string) {
    super(`the tenant ${excerpt(tenant)} cannot be used: ${problem}`);
    this.tenant = tenant;
  }
}

/** A challenge or an answer that cannot be encoded (§3). The error contains no secret and no hash. */
export class InvalidChallengeError extends RingestError {
  readonly code = 'ERR_INVALID_CHALLENGE';
  /** The name of the invalid field. */
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`the challenge's ${field} cannot be encoded: ${problem}`);
    this.field = field;
  }
}

/** The native libraries that compression needs could not be loaded; `cause` says why. */
export class NativeLibraryError extends RingestError {
  readonly code = 'ERR_NATIVE_LIBRARY';

  constructor(cause: unknown) {
    super(
      'compression needs the native libraries snappy and @node-rs/crc32, which could not be loaded: ' +
        'install them for this platform; start Node.js without --no-addons, and with ' +
        '--allow-addons if it runs with --permission; or leave out the compression',
      { cause },
    );
  }
}

/** Formats a value for a message: text is quoted, and cut if it is long. */
function excerpt(value: unknown): string {
  if (typeof value === 'object' && value !== null && !types.isDate(value)) {
    return `a value of type ${value.constructor?.name ?? 'Object'}`;
  }
  const text = typeof value === 'string' ? value : String(value);
  const short = text.length <= 80 ? text : `${text.slice(0, 77)}…`;
  return typeof value === 'string' ? JSON.stringify(short) : short;
}
