import { createSocket } from 'node:dgram';
import type { NodeProcess } from './node-process.js';
import { closed, connectSender } from './sender.js';
import { ship } from './shipping.js';

/** What `ringest ship --json` prints each second, and at its end. */
export interface ShipLine {
  readonly bytes: number;
  readonly dropped: number;
  readonly listeners: {
    readonly heldBytes: number;
    readonly mostHeldBytes: number;
    readonly maxWaitingBytes: number;
    readonly droppedByKernel: number | null;
    readonly cutConnections: number;
    readonly busyRequests: number;
  };
}

/** A running `ringest ship` with listeners, and the port of the first one. */
export async function listening(
  indexer: { readonly address: string },
  ...flags: readonly string[]
): Promise<{ process: NodeProcess; port: number }> {
  const process = ship(indexer.address, ...flags);
  const [, port] = await process.says('stderr', /^ringest: \w+ on \w+:\/\/127\.0\.0\.1:(\d+)$/m);
  return { process, port: Number(port) };
}

/** The port of another one of its listeners. */
export async function otherPort(process: NodeProcess, listener: string): Promise<number> {
  const [, port] = await process.says('stderr', new RegExp(`^ringest: ${listener}.*:(\\d+)$`, 'm'));
  return Number(port);
}

/** The lines of JSON that a process has printed so far. */
export function shipLines(process: NodeProcess): ShipLine[] {
  const whole = process.stdout.split('\n').slice(0, -1);
  return whole.map((line) => JSON.parse(line) as ShipLine);
}

/** Sends bytes by TCP, and ends the connection. */
export async function send(port: number, ...parts: readonly string[]): Promise<void> {
  const socket = connectSender(port);
  for (const part of parts) {
    socket.write(part);
    // Another segment, so that the parts are read apart.
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
  socket.resume();
  await closed(socket);
}

/** Sends a datagram for each text. */
export async function datagrams(port: number, ...texts: readonly string[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const text of texts) {
    await new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve));
  }
  socket.close();
}

/** Sends a request, and returns the status and the object that answer it. */
export async function post(
  port: number,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly [status: number, answer: unknown]> {
  const reply = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers });
  return [reply.status, await reply.json()];
}

export const SUCCESS = [200, { text: 'Success', code: 0 }] as const;
