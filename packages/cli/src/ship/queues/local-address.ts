import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';

/** A port to which nothing is sent. */
const ANY_PORT = 9;

/** The name or the address in a URL, without brackets. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}

/**
 * The address of this host on its way to the first of some servers. Nothing is sent there.
 * @param servers addresses such as `nats://host:4222`
 * @returns `undefined`: there is no way there now
 */
export async function localAddress(servers: readonly string[]): Promise<string | undefined> {
  const host = hostOf(servers[0] ?? '');
  try {
    const { address, family } = await lookup(host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    try {
      socket.connect(ANY_PORT, address);
      await once(socket, 'connect');
      return socket.address().address;
    } finally {
      socket.close();
    }
  } catch {
    return undefined;
  }
}
