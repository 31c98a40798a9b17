import { connect, type Socket } from 'node:net';
import { HostileServer } from './hostile-server.js';

/** A way to an indexer on which every byte travels alone, in both directions. */
export async function dripTo(port: number): Promise<HostileServer> {
  return HostileServer.listen((near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    void drip(near, far);
    void drip(far, near);
  });
}

async function drip(from: Socket, to: Socket): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at++) {
        to.write(chunk.subarray(at, at + 1));
        await new Promise(setImmediate);
      }
    }
  } catch {
    // One of the two has hung up.
  }
  to.end();
}
