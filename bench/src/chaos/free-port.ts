import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections: none of those takes it in between. */
const LOWEST = 10_240;
const PORTS = 22_000;

/** A port of the loopback where nobody listens now, and that somebody can listen on again and again. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * PORTS);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
