import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Fortress } from '../support/hostile-fortress.js';

const MIB = 2 ** 20;
const SILENT = 2000;
const WRONG = 200;
/** Connections that are begun in one turn of the event loop. */
const WAVE = 50;
/** What the honest ingester writes meanwhile. */
const ENTRIES = 5000;

/** Opens connections, and says something on each once it is challenged. */
async function flood(address: string, count: number, answer?: Uint8Array) {
  const { hostname, port } = new URL(address);
  const sockets: Socket[] = [];
  let ended = 0;
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let i = 0; i < count; i++) {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => {});
    socket.on('close', () => ended++);
    socket.once('data', () => answer && socket.write(answer));
    socket.resume();
    sockets.push(socket);
    if (i % WAVE === WAVE - 1) await new Promise(setImmediate);
  }
  return { ended: () => ended };
}

describe('a flood of connections', () => {
  it('neither stops those who are in nor shuts out those who come', async () => {
    const fortress = await Fortress.raise();
    const writing = fortress.write(ENTRIES);
    const silent = await flood(fortress.address, SILENT);
    await fortress.letIn();
    const wrong = await flood(fortress.address, WRONG, Buffer.alloc(32));
    await fortress.letIn();
    await writing;
    // Nobody of them is kept: five seconds are the limit.
    await expect.poll(() => silent.ended(), { timeout: 20_000 }).toBe(SILENT);
    await expect.poll(() => wrong.ended(), { timeout: 20_000 }).toBe(WRONG);
    await fortress.expectToStand(64 * MIB);
  }, 60_000);
});
