import { countedEntries, MAX_TAG_NAME_BYTES, messageOf, RingestError } from '@ringest/codec';

/** An ingester does not have the secret: its answer to the challenge is wrong (§3). */
export class AuthenticationError extends RingestError {
  readonly code = 'ERR_AUTHENTICATION';

  constructor() {
    super('the ingester does not have the ingest secret: configure the same one on both sides');
  }
}

/** An ingester has a tenant that may not ingest, or has none although one is required (§3). */
export class TenantRefusedError extends RingestError {
  readonly code = 'ERR_TENANT_REFUSED';
  /** The tenant of the ingester; `undefined`: it has none. */
  readonly tenant: string | undefined;

  constructor(tenant: string | undefined) {
    const who = tenant === undefined ? 'without a tenant' : `with the tenant ${excerpt(tenant)}`;
    super(`an ingester ${who} may not ingest`);
    this.tenant = tenant;
  }
}

/** The TLS handshake of a connection failed, for example because a certificate was not accepted. */
export class TlsHandshakeError extends RingestError {
  readonly code = 'ERR_TLS_HANDSHAKE';

  constructor(problem: string, options?: ErrorOptions) {
    super(`the TLS handshake failed: ${problem}`, options);
  }
}

/**
 * A connection was closed because too many were unauthenticated, see {@link
 * IndexerOptions.maxUnauthenticated}.
 */
export class CrowdedOutError extends RingestError {
  readonly code = 'ERR_CROWDED_OUT';
  /** The most connections that may be unauthenticated at the same time. */
  readonly limit: number;

  constructor(limit: number) {
    super(`there are more than ${limit} unauthenticated connections: this one gave way to another`);
    this.limit = limit;
  }
}

/** An ingester did not finish the handshake in time, or was silent for too long. */
export class IngesterTimeoutError extends RingestError {
  readonly code = 'ERR_INGESTER_TIMEOUT';
  /** The time limit that passed, in milliseconds. */
  readonly milliseconds: number;

  constructor(what: string, milliseconds: number) {
    super(`the ingester ${what} within ${milliseconds} ms`);
    this.milliseconds = milliseconds;
  }
}

/** A connection ended in the middle of the handshake or of a message. */
export class ConnectionLostError extends RingestError {
  readonly code = 'ERR_CONNECTION_LOST';

  constructor(where: string, options?: ErrorOptions) {
    super(`the connection ended in the middle of ${where}`, options);
  }
}

/** An ingester cannot have a tag: its name is not valid, it is refused, or no number is left (§7). */
export class TagNotGrantedError extends RingestError {
  readonly code = 'ERR_TAG_NOT_GRANTED';
  /** The name of the tag, cut to the longest valid length. */
  readonly tag: string;

  constructor(tag: string, problem: string, options?: ErrorOptions) {
    super(`the tag ${excerpt(tag)} is not granted: ${problem}`, options);
    this.tag = tag.slice(0, MAX_TAG_NAME_BYTES);
  }
}

/** An ingester sent an entry with a tag number that was never negotiated (§7). */
export class TagNotNegotiatedError extends RingestError {
  readonly code = 'ERR_TAG_NOT_NEGOTIATED';
  /** The number of the tag. */
  readonly tag: number;
  /** The id of the entry. */
  readonly id: number;

  constructor(tag: number, id: number) {
    super(`entry ${id} has the tag number ${tag}, which was never negotiated`);
    this.tag = tag;
    this.id = id;
  }
}

/** The indexer destroyed a connection on purpose, see {@link IndexerBehaviour.failAfter}. */
export class PlannedFailureError extends RingestError {
  readonly code = 'ERR_PLANNED_FAILURE';
  /** How many entries the indexer had read by then. */
  readonly entries: number;

  constructor(entries: number) {
    super(`the connection was destroyed after entry ${entries}, as the option failAfter asks for`);
    this.entries = entries;
  }
}

/** An option of an indexer that cannot be used. */
export class InvalidOptionError extends RingestError {
  readonly code = 'ERR_INVALID_OPTION';
  /** The name of the option. */
  readonly option: string;
  /** The value of the option; `undefined`: it is missing. */
  readonly value: unknown;
  /** The message without the option and its value. */
  readonly problem: string;

  constructor(option: string, value: unknown, problem: string, options?: ErrorOptions) {
    const verdict = value === undefined ? 'is missing' : `cannot be ${String(value)}`;
    super(`the option ${option} ${verdict}: ${problem}`, options);
    this.option = option;
    this.value = value;
    this.problem = problem;
  }
}

/** The command line has no ingest secret, or an unusable one. The error never contains a secret. */
export class SecretError extends RingestError {
  readonly code = 'ERR_SECRET';
}

/**
 * A handler throws this to refuse a ditto block (§10). The ingester learns that it is not stored, and the
 * connection goes on.
 */
export class DittoRefusedError extends RingestError {
  readonly code = 'ERR_DITTO_REFUSED';
  /** What the ingester gets for an answer: anything but 0. */
  readonly result: number;

  /**
   * @param problem for a log; the ingester does not get it
   * @param result a whole number, 1 or more
   * @throws {InvalidOptionError} the result is something else
   */
  constructor(problem: string, result = 1, options?: ErrorOptions) {
    if (!Number.isSafeInteger(result) || result < 1) {
      throw new InvalidOptionError('result', result, 'give a whole number, 1 or more');
    }
    super(`the ditto block is refused: ${problem}`, options);
    this.result = result;
  }
}

/** An address to listen on that cannot be parsed. */
export class InvalidAddressError extends RingestError {
  readonly code = 'ERR_INVALID_ADDRESS';
  /** The address that was given. */
  readonly address: string;

  constructor(address: string, problem: string) {
    super(`cannot listen on ${JSON.stringify(address)}: ${problem}`);
    this.address = address;
  }
}

/** An indexer cannot listen on an address, for example because it is in use. */
export class ListenError extends RingestError {
  readonly code = 'ERR_LISTEN';
  /** The address that was given. */
  readonly address: string;

  constructor(address: string, problem: string, options?: ErrorOptions) {
    super(`cannot listen on ${address}: ${problem}`, options);
    this.address = address;
  }
}

/** The folder of a store is in use: one indexer at a time writes to it. */
export class StoreLockedError extends RingestError {
  readonly code = 'ERR_STORE_LOCKED';
  /** The folder of the store. */
  readonly path: string;
  /** The process that uses it; `undefined`: it has only just begun to. */
  readonly pid: number | undefined;

  constructor(path: string, pid: number | undefined) {
    const holder = pid === undefined ? 'another process' : `the process ${pid}`;
    super(`the store ${path} is in use by ${holder}: stop it, or give another folder`);
    this.path = path;
    this.pid = pid;
  }
}

/** The folder of a store cannot be opened or read. */
export class StoreOpenError extends RingestError {
  readonly code = 'ERR_STORE_OPEN';
  /** The folder of the store. */
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`the store ${path} cannot be opened: ${messageOf(cause)}`, { cause });
    this.path = path;
  }
}

/**
 * A store could not write entries, for example because the disk is full. The entries are not confirmed, and
 * their connections end: ingesters send them again.
 */
export class StoreWriteError extends RingestError {
  readonly code = 'ERR_STORE_WRITE';
  /** The folder of the store. */
  readonly path: string;
  /** How many entries were not written. */
  readonly entries: number;

  constructor(path: string, entries: number, cause: unknown) {
    super(
      `the store ${path} could not write ${countedEntries(entries)}, which ingesters will send again: ${messageOf(cause)}`,
      { cause },
    );
    this.path = path;
    this.entries = entries;
  }
}

/** Formats a text of a peer for a message: quoted, and cut if it is long. */
function excerpt(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 77)}…`);
}
