import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Fortress } from '../support/hostile-fortress.js';
import { scaled } from '../support/scale.js';

const SILENT = scaled(400, 2000);
/** Each has an answer hashed, which is made to take its time. */
const WRONG = scaled(20, 200);
/** Unauthenticated connections that an indexer keeps, for five seconds. */
const KEPT = 128;
/** Connections that are begun in one turn of the event loop. */
const WAVE = 50;
/** What the honest ingester writes meanwhile. */
const ENTRIES = scaled(1000, 5000);

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
    await expect.poll(() => silent.ended()).toBeGreaterThanOrEqual(SILENT - KEPT);
    await expect.poll(() => wrong.ended()).toBe(WRONG);
    await fortress.expectToStand();
  }, 60_000);

  it('with wrong answers without end, from elsewhere, does not shut out those who come', async () => {
    const fortress = await Fortress.raise();
    const { hostname, port } = new URL(fortress.address);
    const sockets = new Set<Socket>();
    let isOver = false;
    let refused = 0;
    const again = () => {
      if (isOver) return;
      const elsewhere = { localAddress: '127.0.0.2' };
      const socket = connect({ host: hostname, port: Number(port), ...elsewhere });
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        refused++;
        sockets.delete(socket);
        again();
      });
      socket.once('data', () => socket.write(Buffer.alloc(32)));
      socket.resume();
    };
    onTestFinished(() => {
      isOver = true;
      for (const socket of sockets) socket.destroy();
    });
    for (let i = 0; i < WRONG; i++) again();
    await expect.poll(() => refused).toBeGreaterThan(WRONG);
    for (let i = 0; i < scaled(1, 3); i++) await fortress.letIn();
    const writing = fortress.write(ENTRIES);
    await writing;
  }, 60_000);
});
