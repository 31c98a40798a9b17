import { DEFAULT_TCP_PORT, DEFAULT_TLS_PORT, MAX_PIPE_PATH_BYTES } from '@ringest/codec';
import { InvalidAddressError } from '../errors.js';

/** A host and a port to listen on. */
export interface PortAddress {
  readonly scheme: 'tcp' | 'tls';
  /** A host name or an IP address, without brackets. */
  readonly host: string;
  /** The port; 0 chooses a free one. */
  readonly port: number;
}

/** A Unix stream socket to listen on. */
export interface PipeAddress {
  readonly scheme: 'pipe';
  /** The absolute path of the socket, at most {@link MAX_PIPE_PATH_BYTES} bytes. */
  readonly path: string;
}

/** An address to listen on (§1). */
export type ListenAddress = PortAddress | PipeAddress;

/**
 * Parses an address to listen on (§1): `tcp://host:port`, `tls://host:port`, `pipe:///path`, `host:port`
 * or `host`. An IPv6 address must be in brackets. The default ports are 4023 for tcp and 4024 for tls.
 *
 * @param fallback the scheme of an address that has none. Default: `tcp`.
 * @throws {InvalidAddressError} if the text is something else.
 */
export function parseListenAddress(text: string, fallback: 'tcp' | 'tls' = 'tcp'): ListenAddress {
  const split = text.indexOf('://');
  const scheme = split < 0 ? fallback : text.slice(0, split).toLowerCase();
  const address = split < 0 ? text : text.slice(split + 3);
  switch (scheme) {
    case 'tcp':
    case 'tls':
      return { scheme, ...parsePort(text, address, scheme) };
    case 'pipe':
      return { scheme, path: checkPath(text, address) };
    default:
      throw new InvalidAddressError(
        text,
        `${scheme}:// is not supported: use tcp://, tls:// or pipe://`,
      );
  }
}

/** Formats an address so that {@link parseListenAddress} can parse it. */
export function formatListenAddress(address: ListenAddress): string {
  return address.scheme === 'pipe'
    ? `pipe://${address.path}`
    : `${address.scheme}://${formatAddress(address.host, address.port)}`;
}

/** Formats a host and a port as `host:port`, with an IPv6 address in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function parsePort(text: string, address: string, scheme: 'tcp' | 'tls') {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/i.exec(address);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) {
    throw new InvalidAddressError(text, 'write host:port, with an IPv6 address in brackets');
  }
  const port = Number(match?.[3] ?? (scheme === 'tls' ? DEFAULT_TLS_PORT : DEFAULT_TCP_PORT));
  if (port > 65535) throw new InvalidAddressError(text, 'give a port from 0 to 65535');
  return { host, port };
}

function checkPath(text: string, path: string): string {
  if (!path.startsWith('/') || path.endsWith('/') || path.includes('\0')) {
    throw new InvalidAddressError(text, 'write pipe:///path, the absolute path of a socket');
  }
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PIPE_PATH_BYTES) {
    const problem = `its path has ${bytes} bytes: use a path of at most ${MAX_PIPE_PATH_BYTES} bytes`;
    throw new InvalidAddressError(text, problem);
  }
  return path;
}
