import { InvalidAddressError } from './errors.js';

/** The port of `tcp://` addresses that name none (§1). */
export const DEFAULT_TCP_PORT = 4023;

/** Where to listen. */
export interface ListenAddress {
  /** A name or an address, an IPv6 one without brackets. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/**
 * Reads `tcp://host:port`, `host:port` or `host`. An IPv6 address stands in brackets; without a
 * port it is {@link DEFAULT_TCP_PORT}.
 *
 * @throws {InvalidAddressError} if it is something else.
 */
export function parseListenAddress(text: string): ListenAddress {
  const split = text.indexOf('://');
  const scheme = split < 0 ? 'tcp' : text.slice(0, split).toLowerCase();
  if (scheme !== 'tcp') {
    throw new InvalidAddressError(text, `${scheme}:// is not supported, use tcp://`);
  }
  const address = split < 0 ? text : text.slice(split + 3);
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/i.exec(address);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) {
    throw new InvalidAddressError(text, 'write host:port, an IPv6 address in brackets');
  }
  const port = Number(match?.[3] ?? DEFAULT_TCP_PORT);
  if (port > 65535) throw new InvalidAddressError(text, 'a port is 0 to 65535');
  return { host, port };
}

/** `host:port`, an IPv6 address in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
