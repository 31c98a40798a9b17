import { createReadStream, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { NodeProcess, support } from './node-process.js';

const RECORD_BYTES = 8;

/** Below the ports that the system gives to outgoing connections: none of those takes it meanwhile. */
const LOWEST_PORT = 10_240;
/**
 * Each process that runs tests has ports of its own, and takes one after the other: a port on which nobody
 * listens for a while, because an indexer is down, must not be given to another test.
 */
const PROCESSES = 8;
const PORTS = 2750;
const { VITEST_POOL_ID = `${process.pid}` } = process.env;
const pool = Number(VITEST_POOL_ID) % PROCESSES;
let next = Math.floor(Math.random() * PORTS);

/** A port of the loopback where nobody listens now, and that somebody can listen on again and again. */
export async function freePort(): Promise<number> {
  for (;;) {
    next = (next + 1) % PORTS;
    const port = LOWEST_PORT + pool * PORTS + next;
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

/** An indexer, at one address for good, whose process is killed, stopped and started at will. */
export class Victim {
  readonly address: string;
  readonly #folder: string;
  readonly #name: string;
  readonly #ackDelay: number;
  #runs = 0;
  #process: NodeProcess | undefined;

  /**
   * @param folder where its accounts are kept: one file each time that it runs
   * @param ackDelay by how many milliseconds it confirms late
   */
  constructor(folder: string, port: number, ackDelay = 0) {
    this.#folder = folder;
    this.#ackDelay = ackDelay;
    this.#name = `${port}`;
    this.address = `127.0.0.1:${port}`;
  }

  async start(firstTag: number): Promise<void> {
    this.#runs++;
    const script = support('accounting-indexer-process.mjs');
    const args = [this.address, `${firstTag}`, this.#file, `${this.#ackDelay}`];
    this.#process = new NodeProcess(script, args);
    await this.#process.says('stdout', /^listening on /m);
  }

  /** Kills the process, stopped or not, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#process?.end('SIGKILL');
    this.#process = undefined;
  }

  /** Stops it where it is: it is connected, and does nothing. */
  stop(): void {
    this.#process?.kill('SIGSTOP');
  }

  goOn(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Entries that the process which runs now has taken, and written down. */
  get taken(): number {
    return statSync(this.#file).size / RECORD_BYTES;
  }

  /** All that its processes have taken, and might have confirmed: the sequence number and the check. */
  async read(take: (sequence: number, check: number) => void): Promise<void> {
    const files = readdirSync(this.#folder).filter((file) => file.startsWith(`${this.#name}-`));
    for (const file of files) {
      let rest: Buffer = Buffer.alloc(0);
      for await (const chunk of createReadStream(join(this.#folder, file))) {
        const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk]);
        const whole = bytes.length - (bytes.length % RECORD_BYTES);
        for (let at = 0; at < whole; at += RECORD_BYTES) {
          take(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4));
        }
        // What is cut short was not confirmed.
        rest = bytes.subarray(whole);
      }
    }
  }

  get #file(): string {
    return join(this.#folder, `${this.#name}-${this.#runs}`);
  }
}
