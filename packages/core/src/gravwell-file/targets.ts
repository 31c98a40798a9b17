import { isIPv6 } from 'node:net';
import { ConfigFileError, quote } from './error.js';

interface HostAndPort {
  readonly host: string;
  readonly port: number | undefined;
}

/**
 * Adds a port to an address that has none: `10.0.0.1` becomes `10.0.0.1:4023`, `::1` becomes
 * `[::1]:4023`, and `host:99` stays. An IPv6 address with a port must be in brackets.
 *
 * This is stricter than the reference, which accepts any address and fails when it connects.
 *
 * @throws {ConfigFileError} if the address is not `host` or `host:port`, or its port is not 1..65535.
 */
export function withDefaultPort(address: string, port: number, field = 'address'): string {
  const parts = splitAddress(address);
  if (!parts) {
    throw new ConfigFileError(
      `${quote(address)} is not an address; write host, host:port or [IPv6]:port`,
      { field },
    );
  }
  const host = parts.host.includes(':') ? `[${parts.host}]` : parts.host;
  return `${host}:${parts.port ?? port}`;
}

/**
 * Returns an address that must have a port.
 *
 * @throws {ConfigFileError} if the address is not `host:port`.
 */
export function requirePort(address: string, field: string): string {
  if (splitAddress(address)?.port === undefined) {
    throw new ConfigFileError(`${quote(address)} must be an address with a port, like host:514`, {
      field,
    });
  }
  return address;
}

function splitAddress(address: string): HostAndPort | undefined {
  if (isIPv6(address)) return { host: address, port: undefined };
  const [, bracketed, name, port] =
    /^(?:\[([^[\]]+)\]|([^\s:/[\]@?#\\]+))(?::(\d{1,5}))?$/.exec(address) ?? [];
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined;
  const host = bracketed ?? name;
  if (host === undefined) return undefined;
  if (port === undefined) return { host, port };
  const number = Number(port);
  return number >= 1 && number <= 65535 ? { host, port: number } : undefined;
}
