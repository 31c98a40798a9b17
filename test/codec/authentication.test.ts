import {
  API_VERSION,
  answerChallenge,
  CHALLENGE_BYTES,
  DecodeError,
  decodeChallenge,
  encodeChallenge,
  encodeChallengeResponse,
  hashSecret,
  InvalidChallengeError,
  InvalidTenantError,
  MinimumVersion,
  TENANT_MARKER,
} from '@ringest/codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzzRuns, readVectors } from '../support/vectors.js';

interface AuthVectors {
  hashes: { secret: string; hashHex: string }[];
  responses: {
    challengeHex: string;
    challengeWireHex: string;
    iterate: number;
    responseHex: string;
    responseWireHex: string;
    secret: string;
    tenant: string;
    version: number;
  }[];
}

const vectors = readVectors<AuthVectors>('auth');

const uint16 = fc.integer({ min: 0, max: 0xffff });
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('authentication', () => {
  it.each(vectors.hashes)('hashes the secret "$secret" as the reference does', (vector) => {
    expect(hashSecret(vector.secret).toString('hex')).toBe(vector.hashHex);
  });

  describe.each(vectors.responses.map((vector, index) => ({ ...vector, index })))(
    'exchange $index, of $iterate iterations for tenant "$tenant"',
    (vector) => {
      const challenge = {
        iterations: vector.iterate,
        random: Buffer.from(vector.challengeHex, 'hex'),
        version: vector.version,
      };

      it('encodes the challenge as the reference does', () => {
        expect(encodeChallenge(challenge).toString('hex')).toBe(vector.challengeWireHex);
      });

      it('decodes the challenge', () => {
        expect(decodeChallenge(Buffer.from(vector.challengeWireHex, 'hex'))).toEqual(challenge);
      });

      it('answers as the reference does, as a value and on the wire', () => {
        const answer = answerChallenge(challenge, hashSecret(vector.secret));
        expect(answer.toString('hex')).toBe(vector.responseHex);
        const tenant = { name: vector.tenant, version: vector.version };
        expect(encodeChallengeResponse(answer, tenant).toString('hex')).toBe(
          vector.responseWireHex,
        );
      });
    },
  );

  it('decodes what it encoded, for any challenge', () => {
    const challenges = fc.record({ iterations: uint16, random: bytes32, version: uint16 });
    fc.assert(
      fc.property(challenges, (challenge) => {
        const decoded = decodeChallenge(encodeChallenge(challenge));
        expect({ ...decoded, random: new Uint8Array(decoded.random) }).toEqual(challenge);
      }),
      fuzzRuns(1000),
    );
  });

  it('copies the random part of a challenge', () => {
    const bytes = new Uint8Array(CHALLENGE_BYTES);
    const challenge = decodeChallenge(bytes);
    bytes.fill(1);
    expect(Buffer.from(challenge.random)).toEqual(Buffer.alloc(32));
  });

  it.each([0, 35, 37])('refuses a challenge of %i bytes', (length) => {
    expect(() => decodeChallenge(new Uint8Array(length))).toThrow(DecodeError);
  });

  it.each([
    ['iterations', { iterations: 65536 }],
    ['iterations', { iterations: 0.5 }],
    ['version', { version: -1 }],
    ['random', { random: new Uint8Array(31) }],
  ])('refuses to encode a challenge whose %s is out of bounds', (field, change) => {
    const challenge = { iterations: 1, random: new Uint8Array(32), version: 9, ...change };
    expect(() => encodeChallenge(challenge)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_CHALLENGE', field }),
    );
  });

  it('marks a response with a tenant by 32 bytes', () => {
    const marker = Buffer.concat([
      Buffer.from('gravwell'),
      Buffer.alloc(16),
      Buffer.from('tenant01'),
    ]);
    expect(Buffer.from(TENANT_MARKER)).toEqual(marker);
  });

  it('sends the answer alone when there is no tenant', () => {
    const answer = Buffer.alloc(32, 7);
    expect(encodeChallengeResponse(answer)).toEqual(answer);
  });

  it('takes a tenant of 512 bytes and refuses one of 513', () => {
    const answer = new Uint8Array(32);
    const response = encodeChallengeResponse(answer, { name: 'é'.repeat(256), version: 9 });
    expect(response.length).toBe(32 + 32 + 4 + 512);
    expect(() =>
      encodeChallengeResponse(answer, { name: `${'é'.repeat(256)}x`, version: 9 }),
    ).toThrow(InvalidTenantError);
  });

  it('sends the answer alone to an indexer that knows no tenants', () => {
    const answer = Buffer.alloc(32, 7);
    expect(encodeChallengeResponse(answer, { name: 'acme', version: 6 })).toEqual(answer);
    expect(encodeChallengeResponse(answer, { name: 'acme', version: 7 })).toHaveLength(72);
  });

  it('refuses a tenant with a version that is no u16', () => {
    expect(() =>
      encodeChallengeResponse(new Uint8Array(32), { name: 'acme', version: 65536 }),
    ).toThrow(InvalidTenantError);
  });

  it('refuses an answer that is not 32 bytes', () => {
    expect(() => encodeChallengeResponse(new Uint8Array(16))).toThrow(InvalidChallengeError);
  });

  it('is of a version that has every feature', () => {
    expect(Math.max(...Object.values(MinimumVersion))).toBe(API_VERSION);
  });
});
