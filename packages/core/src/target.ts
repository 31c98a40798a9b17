import { RingestError } from '@ringest/codec';
import type { Endpoint } from '@ringest/workers';
import { CLEARTEXT_PORT, withDefaultPort } from './config-file/index.js';

/** A target's address that does not say where to connect (§1). It is fatal: never retried. */
export class InvalidTargetError extends RingestError {
  readonly code = 'ERR_INVALID_TARGET';
  readonly address: string;

  constructor(address: string, problem: string, options?: ErrorOptions) {
    super(`'${address}' is not a target: ${problem}`, options);
    this.address = address;
  }
}

/**
 * Reads the address of an indexer: `tcp://host:port`, the port 4023 where it is left out.
 * @throws {InvalidTargetError}
 */
export function parseTarget(address: string): Endpoint {
  const parts = address.split('://');
  const [scheme, rest] = parts;
  if (parts.length !== 2 || scheme === undefined || rest === undefined) {
    throw new InvalidTargetError(address, 'write scheme://address, like tcp://127.0.0.1:4023');
  }
  if (scheme.toLowerCase() !== 'tcp') {
    throw new InvalidTargetError(address, `'${scheme}' is no connection type; use tcp`);
  }
  const [host, port] = splitHostPort(address, rest);
  return { address: `tcp://${rest}`, transport: { kind: 'tcp', host, port } };
}

function splitHostPort(address: string, rest: string): [host: string, port: number] {
  try {
    const full = withDefaultPort(rest, CLEARTEXT_PORT);
    const colon = full.lastIndexOf(':');
    const host = full.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    return [host, Number(full.slice(colon + 1))];
  } catch (cause) {
    throw new InvalidTargetError(address, 'write it as tcp://host:port', { cause });
  }
}
