import { createSocket, type SocketType } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { kernelDrops } from 'ringest/internal';
import { describe, expect, it, onTestFinished } from 'vitest';

const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.address === '::1');

/** A socket that nobody reads until the event loop goes around. */
async function bound(type: SocketType, address: string) {
  const socket = createSocket(type).bind(0, address);
  onTestFinished(() => void socket.close());
  await once(socket, 'listening');
  return socket;
}

describe.runIf(process.platform === 'linux')(
  'the datagrams that the kernel drops at a socket',
  () => {
    it.each([
      ['udp4', '127.0.0.1'],
      ['udp4', '0.0.0.0'],
      ...(hasIPv6
        ? ([
            ['udp6', '::1'],
            ['udp6', '::'],
          ] as const)
        : []),
    ] as const)('are known: %s %s', async (type, address) => {
      const socket = await bound(type, address);
      expect(kernelDrops(socket.address().address, socket.address().port)).toBe(0);
    });

    it('are counted for this socket, and for no other one with the same port', async () => {
      const socket = await bound('udp4', '127.0.0.1');
      const { port } = socket.address();
      const other = createSocket('udp4').bind(port, '127.0.0.2');
      onTestFinished(() => void other.close());
      await once(other, 'listening');
      const sender = createSocket('udp4');
      onTestFinished(() => void sender.close());
      const before = socket.getRecvBufferSize() / 60_000;
      // All of them are sent in this turn, and none is read in it.
      for (let i = 0; i < 2 * before + 10; i++)
        sender.send(Buffer.alloc(60_000), port, '127.0.0.1');
      await once(socket, 'message');
      expect(kernelDrops('127.0.0.1', port)).toBeGreaterThan(0);
      expect(kernelDrops('127.0.0.2', port)).toBe(0);
    });

    it('are not known of a socket that is not there', () => {
      expect(kernelDrops('192.0.2.1', 1)).toBeUndefined();
    });
  },
);
