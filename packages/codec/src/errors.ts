import { types } from 'node:util';

/**
 * Every error that ringest throws on purpose extends this class: `code` is stable and can be
 * switched on, the message says what to do, and `cause` holds what lay below.
 */
export abstract class RingestError extends Error {
  /** A stable identifier, `ERR_…`. */
  abstract readonly code: string;

  override get name(): string {
    return this.constructor.name;
  }
}

/** Bytes of a peer that are not the protocol. The connection they came from is lost. */
export class DecodeError extends RingestError {
  readonly code: string = 'ERR_DECODE';
  /** The structure that was being read, for example `tag response`. */
  readonly structure: string;

  constructor(structure: string, problem: string, options?: ErrorOptions) {
    super(`malformed ${structure}: ${problem}`, options);
    this.structure = structure;
  }
}

/** A length of a peer that is beyond what the protocol allows; nothing was allocated for it. */
export class LimitError extends DecodeError {
  override readonly code = 'ERR_LIMIT';
  readonly value: number;
  readonly limit: number;

  constructor(structure: string, value: number, limit: number) {
    super(structure, `its length of ${value} is not within the limit of ${limit}`);
    this.value = value;
    this.limit = limit;
  }
}

/** A command word that the protocol (§4) does not know in this direction. */
export class UnknownCommandError extends DecodeError {
  override readonly code = 'ERR_UNKNOWN_COMMAND';
  readonly word: number;

  constructor(word: number) {
    super('command', `0x${word.toString(16).padStart(8, '0')} is not a command`);
    this.word = word;
  }
}

/** Compressed bytes whose checksum does not match (§9). */
export class ChecksumError extends DecodeError {
  override readonly code = 'ERR_CHECKSUM';
}

/** A message that would be longer than the protocol allows. Nothing was encoded: send less in it. */
export class OversizedMessageError extends RingestError {
  readonly code = 'ERR_OVERSIZED_MESSAGE';
  readonly structure: string;
  readonly size: number;
  readonly limit: number;

  constructor(structure: string, size: number, limit: number) {
    super(`a ${structure} of ${size} bytes is over the limit of ${limit}: send less in it`);
    this.structure = structure;
    this.size = size;
    this.limit = limit;
  }
}

/** A tag name that no indexer would take (§7). */
export class InvalidTagError extends RingestError {
  readonly code = 'ERR_INVALID_TAG';
  readonly tag: string;
  readonly reason: 'empty' | 'oversized' | 'forbidden';

  constructor(tag: string, reason: InvalidTagError['reason']) {
    super(`the tag ${excerpt(tag)} ${TAG_PROBLEMS[reason]}`);
    this.tag = tag;
    this.reason = reason;
  }
}

const TAG_PROBLEMS = {
  empty: 'is empty: give it a name',
  oversized: 'is too long: a name is at most 4096 bytes of UTF-8',
  forbidden: 'has a character that tags must not have: remap it, or choose another name',
} as const;

/** Something that is no point in time, or one that the wire cannot carry. */
export class InvalidTimestampError extends RingestError {
  readonly code = 'ERR_INVALID_TIMESTAMP';
  readonly input: unknown;

  constructor(input: unknown, problem: string, options?: ErrorOptions) {
    super(`${excerpt(input)} is not a timestamp: ${problem}`, options);
    this.input = input;
  }
}

/** Something that is neither an IPv4 nor an IPv6 address. */
export class InvalidSourceError extends RingestError {
  readonly code = 'ERR_INVALID_SOURCE';
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

/** An enumerated value beyond the limits of §6, or whose type cannot hold what it was given. */
export class InvalidEnumeratedValueError extends RingestError {
  readonly code = 'ERR_INVALID_ENUMERATED_VALUE';
  /** The name of the value. */
  readonly valueName: string;
  readonly reason: string;

  constructor(valueName: string, reason: string, options?: ErrorOptions) {
    super(`the enumerated value ${excerpt(valueName)} ${reason}`, options);
    this.valueName = valueName;
    this.reason = reason;
  }
}

/** More enumerated values, or more bytes of them, than a block can hold (§6). */
export class OversizedEnumeratedBlockError extends RingestError {
  readonly code = 'ERR_OVERSIZED_ENUMERATED_BLOCK';
  readonly count: number;
  readonly bytes: number;

  constructor(count: number, bytes: number) {
    super(
      `${count} enumerated values of ${bytes} bytes do not fit a block: at most 65535 and 32 MiB do`,
    );
    this.count = count;
    this.bytes = bytes;
  }
}

/** An entry whose fields are no entry, whatever its size. */
export class InvalidEntryError extends RingestError {
  readonly code = 'ERR_INVALID_ENTRY';
  /** The field at fault. */
  readonly field: string;
  readonly value: unknown;

  constructor(field: string, value: unknown, problem: string) {
    super(`an entry's ${field} cannot be ${excerpt(value)}: ${problem}`);
    this.field = field;
    this.value = value;
  }
}

/** An entry with more data than the protocol carries (§5). */
export class OversizedEntryError extends RingestError {
  readonly code = 'ERR_OVERSIZED_ENTRY';
  readonly bytes: number;
  readonly limit: number;

  constructor(bytes: number, limit: number) {
    super(`an entry of ${bytes} bytes is too large: split it, at most ${limit} bytes are allowed`);
    this.bytes = bytes;
    this.limit = limit;
  }
}

/** A tenant name that does not fit the challenge response (§3). */
export class InvalidTenantError extends RingestError {
  readonly code = 'ERR_INVALID_TENANT';
  readonly tenant: string;

  constructor(tenant: string, problem: string) {
    super(`the tenant ${excerpt(tenant)} cannot be used: ${problem}`);
    this.tenant = tenant;
  }
}

/** A challenge or an answer that the handshake cannot carry (§3). It shows no secret and no hash. */
export class InvalidChallengeError extends RingestError {
  readonly code = 'ERR_INVALID_CHALLENGE';
  /** The field at fault. */
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`the challenge's ${field} cannot be encoded: ${problem}`);
    this.field = field;
  }
}

/** A value as a message can show it: quoted if it is text, cut where it is long. */
function excerpt(value: unknown): string {
  if (typeof value === 'object' && value !== null && !types.isDate(value)) {
    return `a value of type ${value.constructor?.name ?? 'Object'}`;
  }
  const text = typeof value === 'string' ? value : String(value);
  const short = text.length <= 80 ? text : `${text.slice(0, 77)}…`;
  return typeof value === 'string' ? JSON.stringify(short) : short;
}
