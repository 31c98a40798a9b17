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

/** An address of a target that cannot be understood (§1). */
export class InvalidTargetError extends RingestError {
  readonly code = 'ERR_INVALID_TARGET';
  /** The address that was given. */
  readonly address: string;

  constructor(address: string, problem: string, options?: ErrorOptions) {
    super(`'${address}' is not a target: ${problem}`, options);
    this.address = address;
  }
}

/** A parsed address, and its form in logs and errors. */
export interface ParsedAddress {
  readonly address: string;
  readonly transport: Transport;
}

/**
 * Parses the address of an indexer (§1): `tcp://host:port`, `tls://host:port` or `pipe:///path`. The
 * default ports are 4023 for tcp and 4024 for tls. A relative path of a pipe is resolved against the
 * present working directory.
 * @throws {InvalidTargetError} the address is something else, or the path of the pipe is too long
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
  throw new InvalidTargetError(
    address,
    `'${scheme}' is not a connection type: use tcp, tls or pipe`,
  );
}

function splitHostPort(
  address: string,
  kind: 'tcp' | 'tls',
  rest: string,
): [host: string, port: number] {
  const at = rest.lastIndexOf('@');
  if (at >= 0) {
    // The text before the @ may contain a password, so it is not shown.
    const problem =
      'it cannot name a user: remove the text before the @, and use the option secret';
    throw new InvalidTargetError(`${kind}://…${rest.slice(at)}`, problem);
  }
  if (isIPv6(rest)) {
    const problem = `put an IPv6 address in brackets, like ${kind}://[::1]:4024`;
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
    const counted = absolute === path ? '' : ', with the working directory';
    const problem = `its path has ${bytes} bytes${counted}: use a path of at most ${MAX_PIPE_PATH_BYTES} bytes`;
    throw new InvalidTargetError(address, problem);
  }
  return absolute;
}
