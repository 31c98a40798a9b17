import { isDeepStrictEqual } from 'node:util';
import { Compression, hashSecret, MAX_TENANT_BYTES } from '@ringest/codec';
import type { CompressionName, Credentials, Endpoint, TlsTrust } from '@ringest/workers';
import { z } from 'zod';
import { atField, ConfigurationError } from '../../errors.js';
import { parseAddress } from './address.js';
import { readSecret, type SecretInput } from './secret.js';
import { InvalidTlsError, readTls, type TlsInput } from './tls.js';

/** Options that apply to every target that has none of its own. */
export interface TargetDefaults {
  /** The ingest secret of the indexers. It is read once, and only its hash is kept. */
  readonly secret?: SecretInput | undefined;
  /**
   * The tenant that entries are ingested for (§3), at most 512 bytes of UTF-8. A lane to an indexer
   * that does not know tenants gives up for good. All targets share the entries, whatever their tenants.
   * Default: no tenant.
   */
  readonly tenant?: string | undefined;
  /**
   * The compression that indexers are asked for (§9). An indexer that refuses it gets plain bytes.
   * Default: `none`.
   */
  readonly compression?: CompressionName | undefined;
  /**
   * The TLS options of `tls://` targets, at least one of which must exist. A target's own fields
   * win one by one.
   */
  readonly tls?: TlsInput | undefined;
}

/** A target with options of its own. */
export interface TargetInput extends TargetDefaults {
  /** The address of the indexer: `tcp://host:port`, `tls://host:port` or `pipe:///path` (§1). */
  readonly address: string;
}

/** A checked target. */
export interface Target {
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
}

const text = z.string({ error: 'give a string' }).min(1, 'give a string that is not empty');

/** The fields of `TargetDefaults`, as they are checked before anything is read. */
export const targetFields = {
  secret: z
    .union([text, z.strictObject({ file: text }), z.strictObject({ env: text })], {
      error: 'give the ingest secret of the indexers as text, as { file } or as { env }',
    })
    .optional(),
  tenant: z
    .string()
    .refine((name) => Buffer.byteLength(name) <= MAX_TENANT_BYTES, {
      error: `give at most ${MAX_TENANT_BYTES} bytes of UTF-8`,
    })
    .optional(),
  compression: z.enum(Object.keys(Compression) as CompressionName[]).optional(),
  tls: z
    .strictObject({
      ca: z
        .union([text, z.array(text).min(1)], { error: 'give PEM texts or paths, one or more' })
        .optional(),
      cert: text.optional(),
      key: text.optional(),
      servername: text.optional(),
      insecureSkipVerify: z.boolean().optional(),
    })
    .refine((tls) => !tls.insecureSkipVerify || (tls.ca ?? tls.servername) === undefined, {
      path: ['insecureSkipVerify'],
      error: 'it turns verification off: remove it, or remove ca and servername',
    })
    .optional(),
};

/** One of the `targets`. */
export const targetField = z.union(
  [z.string(), z.strictObject({ address: z.string(), ...targetFields })],
  { error: 'give an address, like tcp://127.0.0.1:4023, or { address, … }' },
);

/** Checks targets, and reads the files that they name. */
export class TargetChecker {
  readonly #defaults: Omit<TargetDefaults, 'secret'>;
  /** What all targets share that have no secret of their own: a text is hashed at once, and not kept. */
  readonly #secretHash: () => Uint8Array;
  readonly #tls: () => TlsTrust;

  /** @throws {ConfigurationError} the secret is empty */
  constructor({ secret, ...defaults }: TargetDefaults) {
    this.#defaults = defaults;
    const hash = typeof secret === 'string' ? readHash('secret', secret) : undefined;
    // Files are read once, however many targets share what is in them.
    this.#secretHash = once(() => hash ?? readHash('secret', secret));
    this.#tls = once(() => checkTls('tls', given(defaults.tls)));
  }

  /**
   * Checks the targets that a muxer begins with.
   * @throws {ConfigurationError} an option cannot be used; `field` names it
   */
  checkAll(inputs: readonly (string | TargetInput)[]): Target[] {
    const targets = inputs.map((input, i) => this.check(`targets.${i}`, input));
    const isTls = targets.some(({ endpoint }) => endpoint.transport.kind === 'tls');
    if (this.#defaults.tls !== undefined && !isTls) {
      throw new ConfigurationError(
        'tls',
        'no target is tls://, so it would have no effect: remove it, or make a target tls://',
      );
    }
    return targets;
  }

  /**
   * Checks one target.
   * @param at the path of the target, for errors
   * @throws {ConfigurationError} an option cannot be used; `field` names it
   */
  check(at: string, input: string | TargetInput): Target {
    const own: TargetInput = typeof input === 'string' ? { address: input } : input;
    const defaults = this.#defaults;
    const { address, transport } = atField(at, () => parseAddress(own.address));
    if (own.tls !== undefined && transport.kind !== 'tls') {
      throw new ConfigurationError(
        `${at}.tls`,
        'only a tls:// target can have it: remove it, or change the address',
      );
    }
    const compression = own.compression ?? defaults.compression ?? 'none';
    return {
      endpoint: {
        address,
        transport,
        tenant: own.tenant ?? defaults.tenant ?? '',
        compression: Compression[compression],
      },
      credentials: {
        secretHash:
          own.secret === undefined ? this.#secretHash() : readHash(`${at}.secret`, own.secret),
        tls:
          own.tls === undefined
            ? this.#tls()
            : checkTls(`${at}.tls`, { ...given(defaults.tls), ...given(own.tls) }),
      },
    };
  }
}

/** Whether two targets are the same in all that a connection depends on. */
export function sameTarget(one: Target, other: Target): boolean {
  return isDeepStrictEqual(one, other);
}

/** Makes a value at the first call, and returns it at each call. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function readHash(field: string, secret: SecretInput | undefined): Uint8Array {
  if (secret === undefined) {
    throw new ConfigurationError(field, 'give the ingest secret of the indexers');
  }
  return atField(field, () => hashSecret(readSecret(secret)));
}

function checkTls(at: string, input: TlsInput): TlsTrust {
  try {
    return readTls(input);
  } catch (error) {
    if (!(error instanceof InvalidTlsError)) throw error;
    throw new ConfigurationError(`${at}.${error.field}`, error.message, { cause: error });
  }
}

/** Leaves out fields that are `undefined`, so that they do not hide a default. */
function given(tls: TlsInput = {}): TlsInput {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}
