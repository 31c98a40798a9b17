import { MAX_TAG_NAME_BYTES, RingestError } from '@ringest/codec';

/** An ingester whose answer to the challenge is wrong: it does not have the secret (§3). */
export class AuthenticationError extends RingestError {
  readonly code = 'ERR_AUTHENTICATION';

  constructor() {
    super('the ingester does not have the ingest secret: configure the same one on both sides');
  }
}

/** An ingester whose tenant, or lack of one, is not let in. */
export class TenantRefusedError extends RingestError {
  readonly code = 'ERR_TENANT_REFUSED';
  /** `undefined`: it has none. */
  readonly tenant: string | undefined;

  constructor(tenant: string | undefined) {
    const who = tenant === undefined ? 'without a tenant' : `of the tenant ${excerpt(tenant)}`;
    super(`an ingester ${who} is not let in`);
    this.tenant = tenant;
  }
}

/** A TLS handshake that failed, for example because a certificate was not accepted. */
export class TlsHandshakeError extends RingestError {
  readonly code = 'ERR_TLS_HANDSHAKE';

  constructor(problem: string, options?: ErrorOptions) {
    super(`the TLS handshake failed: ${problem}`, options);
  }
}

/** A connection that gave its place to another one, see {@link IndexerOptions.maxUnauthenticated}. */
export class CrowdedOutError extends RingestError {
  readonly code = 'ERR_CROWDED_OUT';
  /** How many connections may be unauthenticated at the same time. */
  readonly limit: number;

  constructor(limit: number) {
    super(`more than ${limit} connections are not authenticated, and this one has said nothing`);
    this.limit = limit;
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

/** Tags that an ingester cannot have: a name is none, or all numbers are taken. */
export class TagNotGrantedError extends RingestError {
  readonly code = 'ERR_TAG_NOT_GRANTED';
  /** The name, as much of it as a valid one could have. */
  readonly tag: string;

  constructor(tag: string, problem: string, options?: ErrorOptions) {
    super(`the tag ${excerpt(tag)} is not granted: ${problem}`, options);
    this.tag = tag.slice(0, MAX_TAG_NAME_BYTES);
  }
}

/** An entry whose tag number this indexer has not given to anybody. */
export class TagNotNegotiatedError extends RingestError {
  readonly code = 'ERR_TAG_NOT_NEGOTIATED';
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
  /** `undefined`: it is not there. */
  readonly value: unknown;
  /** What is wrong with it. */
  readonly problem: string;

  constructor(option: string, value: unknown, problem: string, options?: ErrorOptions) {
    const verdict = value === undefined ? 'is missing' : `cannot be ${String(value)}`;
    super(`the option ${option} ${verdict}: ${problem}`, options);
    this.option = option;
    this.value = value;
    this.problem = problem;
  }
}

/** An ingest secret that the command line does not have. It shows none. */
export class SecretError extends RingestError {
  readonly code = 'ERR_SECRET';
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

/** An address that an indexer cannot listen on: it is taken, or not one of this machine. */
export class ListenError extends RingestError {
  readonly code = 'ERR_LISTEN';
  readonly address: string;

  constructor(address: string, problem: string, options?: ErrorOptions) {
    super(`cannot listen on ${address}: ${problem}`, options);
    this.address = address;
  }
}

/** Text as a message can show it: a peer decides how long it is. */
function excerpt(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 77)}…`);
}
