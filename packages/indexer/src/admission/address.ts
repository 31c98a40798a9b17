import { DEFAULT_TCP_PORT, DEFAULT_TLS_PORT, MAX_PIPE_PATH_BYTES } from '@ringest/codec';
import { InvalidAddressError } from '../errors.js';

/** Where to listen on a port. */
export interface PortAddress {
  readonly scheme: 'tcp' | 'tls';
  /** A name or an address, an IPv6 one without brackets. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** Where to listen on a Unix stream socket. */
export interface PipeAddress {
  readonly scheme: 'pipe';
  /** Absolute, at most {@link MAX_PIPE_PATH_BYTES}. */
  readonly path: string;
}

/** Where to listen. */
export type ListenAddress = PortAddress | PipeAddress;

/**
 * Reads `tcp://host:port`, `tls://host:port`, `pipe:///path`, `host:port` or `host`. An IPv6 address
 * stands in brackets; without a port it is the scheme's default one.
 *
 * @param fallback the scheme of an address that has none.
 * @throws {InvalidAddressError} if it is something else.
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
        `${scheme}:// is not supported, use tcp://, tls:// or pipe://`,
      );
  }
}

/** The address as {@link parseListenAddress} reads it. */
export function formatListenAddress(address: ListenAddress): string {
  return address.scheme === 'pipe'
    ? `pipe://${address.path}`
    : `${address.scheme}://${formatAddress(address.host, address.port)}`;
}

/** `host:port`, an IPv6 address in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function parsePort(text: string, address: string, scheme: 'tcp' | 'tls') {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/i.exec(address);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) {
    throw new InvalidAddressError(text, 'write host:port, an IPv6 address in brackets');
  }
  const port = Number(match?.[3] ?? (scheme === 'tls' ? DEFAULT_TLS_PORT : DEFAULT_TCP_PORT));
  if (port > 65535) throw new InvalidAddressError(text, 'a port is 0 to 65535');
  return { host, port };
}

function checkPath(text: string, path: string): string {
  if (!path.startsWith('/') || path.endsWith('/') || path.includes('\0')) {
    throw new InvalidAddressError(text, 'write pipe:///path, the absolute path of a socket');
  }
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PIPE_PATH_BYTES) {
    const problem = `its path of ${bytes} bytes is over the system's limit of ${MAX_PIPE_PATH_BYTES}`;
    throw new InvalidAddressError(text, problem);
  }
  return path;
}
