import { RingestError } from '@ringest/codec';

/** An ingester whose answer to the challenge is wrong: it does not have the secret (§3). */
export class AuthenticationError extends RingestError {
  readonly code = 'ERR_AUTHENTICATION';

  constructor() {
    super('the ingester does not have the ingest secret: configure the same one on both sides');
  }
}

/** An ingester that was too slow: it did not finish the handshake, or has said nothing for long. */
export class IngesterTimeoutError extends RingestError {
  readonly code = 'ERR_INGESTER_TIMEOUT';
  readonly milliseconds: number;

  constructor(what: string, milliseconds: number) {
    super(`the ingester ${what} within ${milliseconds} ms`);
    this.milliseconds = milliseconds;
  }
}

/** A connection that ended in the middle of the handshake or of a message. */
export class ConnectionLostError extends RingestError {
  readonly code = 'ERR_CONNECTION_LOST';

  constructor(where: string, options?: ErrorOptions) {
    super(`the connection ended in the middle of ${where}`, options);
  }
}

/** Tags that cannot be had: a name is none, or all numbers are taken. */
export class TagRefusedError extends RingestError {
  readonly code = 'ERR_TAG_REFUSED';
  readonly tag: string;

  constructor(tag: string, problem: string, options?: ErrorOptions) {
    super(`the tag ${JSON.stringify(tag)} is refused: ${problem}`, options);
    this.tag = tag;
  }
}

/** An entry whose tag number this indexer has not given to anybody. */
export class UnknownTagError extends RingestError {
  readonly code = 'ERR_UNKNOWN_TAG';
  readonly tag: number;
  readonly id: number;

  constructor(tag: number, id: number) {
    super(`entry ${id} has the tag number ${tag}, which was never negotiated`);
    this.tag = tag;
    this.id = id;
  }
}

/** A connection that was lost on purpose, see {@link IndexerBehaviour.failAfter}. */
export class PlannedFailureError extends RingestError {
  readonly code = 'ERR_PLANNED_FAILURE';
  /** How many entries the indexer has taken. */
  readonly entries: number;

  constructor(entries: number) {
    super(`the connection was destroyed after entry ${entries}, as the option failAfter asks for`);
    this.entries = entries;
  }
}

/** An option that an indexer cannot have. */
export class InvalidOptionError extends RingestError {
  readonly code = 'ERR_INVALID_OPTION';
  readonly option: string;
  readonly value: unknown;

  constructor(option: string, value: unknown, problem: string) {
    super(`the option ${option} cannot be ${String(value)}: ${problem}`);
    this.option = option;
    this.value = value;
  }
}

/** An address to listen on that cannot be understood. */
export class InvalidAddressError extends RingestError {
  readonly code = 'ERR_INVALID_ADDRESS';
  readonly address: string;

  constructor(address: string, problem: string) {
    super(`cannot listen on ${JSON.stringify(address)}: ${problem}`);
    this.address = address;
  }
}

/** An indexer that cannot listen: the port is taken, or the address is not of this machine. */
export class ListenError extends RingestError {
  readonly code = 'ERR_LISTEN';
  readonly address: string;

  constructor(address: string, cause: NodeJS.ErrnoException) {
    super(`cannot listen on ${address}: ${LISTEN_PROBLEMS[cause.code ?? ''] ?? cause.message}`, {
      cause,
    });
    this.address = address;
  }
}

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use, choose another one',
  EADDRNOTAVAIL: 'the address is not one of this machine',
  EACCES: 'that needs more rights, choose a port over 1023',
  ENOTFOUND: 'the host is unknown',
};
