import type { ListenAddress } from './listen-options.js';

const TRANSPORTS: readonly string[] = ['tcp', 'tls', 'udp'];
const LOOPBACK = '127.0.0.1';
const MAX_PORT = 65_535;

/**
 * Parses `[tcp://|udp://|tls://][host:]port`. Without a host it is loopback.
 * @throws {RangeError} it is something else
 */
export function parseListenAddress(
  text: string,
  transports: readonly string[] = TRANSPORTS,
): ListenAddress {
  const [, transport = 'tcp', host = LOOPBACK, digits = ''] =
    /^(?:(\w+):\/\/)?(?:(\[[^\]]+\]|[^:]+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > MAX_PORT) throw new RangeError('It must be [host:]port.');
  if (!transports.includes(transport)) {
    throw new RangeError(`It must begin with ${transports.join('://, ')}://, or have none.`);
  }
  const plain = host.startsWith('[') ? host.slice(1, -1) : host;
  return { transport: transport as ListenAddress['transport'], host: plain, port };
}
