import { isIPv6 } from 'node:net';
import {
  DEFAULT_TCP_PORT,
  DEFAULT_TLS_PORT,
  MAX_PIPE_PATH_BYTES,
  RingestError,
} from '@ringest/codec';
import type { Transport } from '@ringest/workers';
import { fromHere } from '../../from-here.js';
import { withDefaultPort } from '../../gravwell-file/index.js';

/** A target's address that does not say where to connect (§1). It is fatal: never retried. */
export class InvalidTargetError extends RingestError {
  readonly code = 'ERR_INVALID_TARGET';
  readonly address: string;

  constructor(address: string, problem: string, options?: ErrorOptions) {
    super(`'${address}' is not a target: ${problem}`, options);
    this.address = address;
  }
}

/** An address as it was meant, and as it is shown. */
export interface ParsedAddress {
  readonly address: string;
  readonly transport: Transport;
}

/**
 * Reads the address of an indexer (§1): `tcp://host:port`, the port 4023 where it is left out;
 * `tls://host:port`, the port 4024; `pipe:///path`, or a path from the working directory as it is now.
 * @throws {InvalidTargetError}
 */
export function parseAddress(address: string): ParsedAddress {
  const parts = address.split('://');
  const [scheme, rest] = parts;
  if (parts.length !== 2 || scheme === undefined || rest === undefined) {
    throw new InvalidTargetError(address, 'write scheme://address, like tcp://127.0.0.1:4023');
  }
  const kind = scheme.toLowerCase();
  if (kind === 'pipe') {
    const transport = { kind, path: checkPath(address, rest) } as const;
    return { address: `pipe://${rest}`, transport };
  }
  if (kind === 'tcp' || kind === 'tls') {
    const [host, port] = splitHostPort(address, kind, rest);
    return { address: `${kind}://${rest}`, transport: { kind, host, port } };
  }
  throw new InvalidTargetError(address, `'${scheme}' is no connection type; use tcp, tls or pipe`);
}

function splitHostPort(
  address: string,
  kind: 'tcp' | 'tls',
  rest: string,
): [host: string, port: number] {
  const at = rest.lastIndexOf('@');
  if (at >= 0) {
    // What stands there may be a password: it is not shown.
    const problem = 'it cannot name a user: leave out what stands before the @, and give `secret`';
    throw new InvalidTargetError(`${kind}://…${rest.slice(at)}`, problem);
  }
  if (isIPv6(rest)) {
    const problem = `an IPv6 address stands in brackets, like ${kind}://[::1]:4024`;
    throw new InvalidTargetError(address, problem);
  }
  try {
    const full = withDefaultPort(rest, kind === 'tcp' ? DEFAULT_TCP_PORT : DEFAULT_TLS_PORT);
    const colon = full.lastIndexOf(':');
    const host = full.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    return [host, Number(full.slice(colon + 1))];
  } catch (cause) {
    throw new InvalidTargetError(address, `write it as ${kind}://host:port`, { cause });
  }
}

function checkPath(address: string, path: string): string {
  if (path === '' || path.includes('\0')) {
    throw new InvalidTargetError(address, 'write the path of a socket, like pipe:///run/indexer');
  }
  const absolute = fromHere(path);
  const bytes = Buffer.byteLength(absolute);
  if (bytes > MAX_PIPE_PATH_BYTES) {
    const counted = absolute === path ? '' : ', the working directory included';
    const problem = `a path has at most ${MAX_PIPE_PATH_BYTES} bytes, and this one ${bytes}${counted}`;
    throw new InvalidTargetError(address, problem);
  }
  return absolute;
}
