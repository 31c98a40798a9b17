import { Compression, hashSecret, MAX_TENANT_BYTES } from '@ringest/codec';
import type { CompressionName, Credentials, Endpoint, TlsTrust } from '@ringest/workers';
import { z } from 'zod';
import { atField, ConfigurationError } from '../../errors.js';
import { parseAddress } from './address.js';
import { readSecret, type SecretInput } from './secret.js';
import { InvalidTlsError, readTls, type TlsInput } from './tls.js';

/** What counts for every target that does not say otherwise. */
export interface TargetDefaults {
  /** The ingest secret of the indexers. It is read once, and only its hash is kept. */
  readonly secret?: SecretInput | undefined;
  /**
   * For whom entries are (§3), in 512 bytes of UTF-8 at most; an indexer that knows no tenants is not
   * used. Targets share entries, whatever their tenants are. Default: nobody in particular.
   */
  readonly tenant?: string | undefined;
  /** What indexers are asked for (§9); one that refuses gets plain bytes. Default: `none`. */
  readonly compression?: CompressionName | undefined;
  /** For `tls://` targets, of which there must be one; a target's own fields win one by one. */
  readonly tls?: TlsInput | undefined;
}

/** An indexer with something of its own. */
export interface TargetInput extends TargetDefaults {
  /** `tcp://host:port`, `tls://host:port` or `pipe:///path`. */
  readonly address: string;
}

/** A target that was checked. */
export interface Target {
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
}

const text = z.string({ error: 'give a text' }).min(1, 'give a text that is not empty');

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
      error: 'nothing is verified with it: leave it out, or leave out ca and servername',
    })
    .optional(),
};

/** One of the `targets`. */
export const targetField = z.union(
  [z.string(), z.strictObject({ address: z.string(), ...targetFields })],
  { error: 'give an address, like tcp://127.0.0.1:4023, or { address, … }' },
);

/** @throws {ConfigurationError} naming the field */
export function checkTargets(
  inputs: readonly (string | TargetInput)[],
  defaults: TargetDefaults,
): Target[] {
  // Files are read once, however many targets share what is in them.
  const shared: Shared = {
    secretHash: once(() => readHash('secret', defaults.secret)),
    tls: once(() => checkTls('tls', given(defaults.tls))),
  };
  const targets = inputs.map((input, i) => {
    const own: TargetInput = typeof input === 'string' ? { address: input } : input;
    return checkTarget(`targets.${i}`, own, defaults, shared);
  });
  const isTls = targets.some(({ endpoint }) => endpoint.transport.kind === 'tls');
  if (defaults.tls !== undefined && !isTls) {
    throw new ConfigurationError('tls', 'no target is tls://, and entries would go in the clear');
  }
  return targets;
}

/** What is read for all targets that bring none of their own. */
interface Shared {
  secretHash(): Uint8Array;
  tls(): TlsTrust;
}

function checkTarget(
  at: string,
  own: TargetInput,
  defaults: TargetDefaults,
  shared: Shared,
): Target {
  const { address, transport } = atField(at, () => parseAddress(own.address));
  if (own.tls !== undefined && transport.kind !== 'tls') {
    throw new ConfigurationError(`${at}.tls`, 'only a tls:// target can have it');
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
        own.secret === undefined ? shared.secretHash() : readHash(`${at}.secret`, own.secret),
      tls:
        own.tls === undefined
          ? shared.tls()
          : checkTls(`${at}.tls`, { ...given(defaults.tls), ...given(own.tls) }),
    },
  };
}

/** Makes something when it is first asked for. */
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

/** The fields that are there: one that is `undefined` does not hide a default. */
function given(tls: TlsInput = {}): TlsInput {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}
