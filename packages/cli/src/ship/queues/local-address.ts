import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';

/** A port to which nothing is sent. */
const ANY_PORT = 9;

/**
 * The address of this host on its way to another one. Nothing is sent there.
 * @param host its name or address
 * @returns `undefined`: there is no way there now
 */
export async function localAddress(host: string): Promise<string | undefined> {
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
