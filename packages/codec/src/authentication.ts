import { hash } from 'node:crypto';
import { DecodeError, InvalidChallengeError, InvalidTenantError } from './errors.js';

/** The version of the ingest API that this library implements and announces (§2). */
export const API_VERSION = 9;

/** The lowest API version of the other side for each feature (§2). */
export const MinimumVersion = {
  tag: 2,
  id: 3,
  apiVersion: 4,
  ingestOk: 4,
  streamConfiguration: 5,
  ingesterState: 6,
  tenant: 7,
  enumeratedValues: 8,
  ditto: 9,
} as const;

/** The bytes of a challenge on the wire (§3). */
export const CHALLENGE_BYTES = 36;

/** The bytes of an answer, and of the random part of a challenge (§3). */
export const ANSWER_BYTES = 32;

/** The longest tenant name, in bytes of UTF-8 (§3). */
export const MAX_TENANT_BYTES = 512;

/** How many iterations one step of {@link answerInSteps} takes. */
const ITERATIONS_PER_STEP = 100;

/** The 32 bytes before the answer in a challenge response with a tenant (§3). Do not write to them. */
export const TENANT_MARKER: Uint8Array = Buffer.from(
  `gravwell${'\0'.repeat(16)}tenant01`,
  'latin1',
);

/** The first message of an indexer (§3). */
export interface Challenge {
  /** How many times the answer is hashed again: 0..65535. An indexer draws 10000..19999. */
  readonly iterations: number;
  /** 32 bytes from a cryptographically secure source. */
  readonly random: Uint8Array;
  /** The indexer's API version, 0..65535. */
  readonly version: number;
}

/** The tenant that an ingester ingests for (§3). */
export interface Tenant {
  /** The name of the tenant, at most {@link MAX_TENANT_BYTES} of UTF-8. */
  readonly name: string;
  /** The indexer's API version, from its challenge: 0..65535. */
  readonly version: number;
}

/** The secret in the text of a file: the text without the line ends at its end. */
export function secretOfFile(text: string): string {
  return text.replace(/[\r\n]+$/, '');
}

/**
 * Returns the authentication hash of an ingest secret (§3): 16 bytes, which must be kept as secret
 * as the secret.
 */
export function hashSecret(secret: string): Buffer {
  return rehash(sha512(Buffer.from(secret)), 16).subarray(0, 16);
}

/**
 * Encodes a challenge as its {@link CHALLENGE_BYTES} bytes (§3).
 *
 * @throws {InvalidChallengeError} if a field is out of bounds.
 */
export function encodeChallenge(challenge: Challenge): Buffer {
  checkUint16('iterations', challenge.iterations);
  checkUint16('version', challenge.version);
  checkLength('random', challenge.random);
  const target = Buffer.allocUnsafe(CHALLENGE_BYTES);
  target.writeUInt16LE(challenge.iterations, 0);
  target.set(challenge.random, 2);
  target.writeUInt16LE(challenge.version, 2 + ANSWER_BYTES);
  return target;
}

/**
 * Decodes a challenge (§3). The bytes are copied.
 *
 * @throws {DecodeError} if there are not exactly {@link CHALLENGE_BYTES} bytes.
 */
export function decodeChallenge(bytes: Uint8Array): Challenge {
  if (bytes.length !== CHALLENGE_BYTES) {
    throw new DecodeError(
      'challenge',
      `it has ${bytes.length} bytes instead of ${CHALLENGE_BYTES}`,
    );
  }
  const source = Buffer.from(bytes);
  return {
    iterations: source.readUInt16LE(0),
    random: source.subarray(2, 2 + ANSWER_BYTES),
    version: source.readUInt16LE(2 + ANSWER_BYTES),
  };
}

/**
 * Computes the 32 bytes that prove knowledge of the secret (§3). With the iterations that an indexer
 * draws, this takes tens of milliseconds; {@link answerInSteps} does the same in short steps.
 *
 * @param authenticationHash the result of {@link hashSecret}.
 */
export function answerChallenge(challenge: Challenge, authenticationHash: Uint8Array): Buffer {
  const steps = answerInSteps(challenge, authenticationHash);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * Computes the answer that {@link answerChallenge} returns, in steps of about a quarter of a millisecond,
 * so that a caller can do other work between two steps.
 */
export function* answerInSteps(
  challenge: Challenge,
  authenticationHash: Uint8Array,
): Generator<void, Buffer, void> {
  let digest = sha512(Buffer.concat([challenge.random, authenticationHash]));
  let missing = challenge.iterations;
  while (missing > 0) {
    const iterations = Math.min(missing, ITERATIONS_PER_STEP);
    digest = rehash(digest, iterations);
    missing -= iterations;
    yield;
  }
  return digest.subarray(0, ANSWER_BYTES);
}

/**
 * Encodes a challenge response (§3): the answer, and the tenant if it has a name and the version of its
 * indexer is at least {@link MinimumVersion}`.tenant`. An older indexer would ingest the entries for no
 * tenant, so a caller with a tenant should refuse such an indexer.
 *
 * @throws {InvalidTenantError} if the tenant's name or version is out of bounds.
 * @throws {InvalidChallengeError} if the answer is not {@link ANSWER_BYTES} long.
 */
export function encodeChallengeResponse(answer: Uint8Array, tenant?: Tenant): Buffer {
  checkLength('answer', answer);
  if (tenant === undefined || tenant.name === '') return Buffer.from(answer);
  const name = Buffer.from(tenant.name);
  if (name.length > MAX_TENANT_BYTES) {
    throw new InvalidTenantError(tenant.name, `it is over ${MAX_TENANT_BYTES} bytes long`);
  }
  if (!isUint16(tenant.version)) {
    throw new InvalidTenantError(tenant.name, `its version ${tenant.version} is not 0..65535`);
  }
  if (tenant.version < MinimumVersion.tenant) return Buffer.from(answer);
  const lengths = Buffer.allocUnsafe(4);
  lengths.writeUInt16LE(tenant.version, 0);
  lengths.writeUInt16LE(name.length, 2);
  return Buffer.concat([TENANT_MARKER, answer, lengths, name]);
}

function rehash(start: Buffer, times: number): Buffer {
  let digest = start;
  for (let i = 0; i < times; i++) digest = hash('sha256', hash('md5', digest, 'buffer'), 'buffer');
  return digest;
}

function sha512(bytes: Buffer): Buffer {
  return hash('sha512', bytes, 'buffer');
}

function isUint16(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff;
}

function checkUint16(field: string, value: number): void {
  if (!isUint16(value)) throw new InvalidChallengeError(field, `${value} is not 0..65535`);
}

function checkLength(field: string, bytes: Uint8Array): void {
  if (bytes.length !== ANSWER_BYTES) {
    throw new InvalidChallengeError(
      field,
      `it has ${bytes.length} bytes instead of ${ANSWER_BYTES}`,
    );
  }
}
