import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { BacklogFullError } from '@ringest/core';
import type { Draft } from '../entries/draft.js';
import type { DraftWriter } from '../entries/draft-writer.js';
import type { RecordFinder } from './datagrams.js';
import { kernelDrops } from './kernel-drops.js';
import type { ListenAddress } from './listen-options.js';
import { addressText, type Listener, type ListenHost, senderOf } from './listener.js';

/** Entries that are written together, about. */
const MOST_DRAFTS = 1000;
const RECEIVE_BYTES = 4 * 1024 * 1024;

/** Datagrams that came in one turn, and their entries. */
interface Batch {
  readonly drafts: Draft[];
  datagrams: number;
  bytes: number;
}

/** Takes datagrams. Those that come while too many wait for room are dropped, and counted. */
export class UdpListener implements Listener {
  readonly #socket: Socket;
  readonly #host: ListenHost;
  readonly #records: RecordFinder;
  readonly #writer: DraftWriter;
  readonly #drops = () => {
    const { address, port } = this.#socket.address();
    return kernelDrops(address, port);
  };
  #batch: Batch = { drafts: [], datagrams: 0, bytes: 0 };
  readonly #rooms = new Set<Promise<void>>();

  private constructor(name: string, host: ListenHost, records: RecordFinder) {
    this.#host = host;
    this.#records = records;
    this.#writer = host.streams.writer();
    this.#socket = createSocket({
      type: isIPv6(name) ? 'udp6' : 'udp4',
      recvBufferSize: RECEIVE_BYTES,
    });
    this.#socket.on('message', (datagram, { address }) => this.#take(datagram, address));
  }

  /** @throws what the system says of the address */
  static async listen(
    { host: name, port }: ListenAddress,
    host: ListenHost,
    records: RecordFinder,
  ): Promise<UdpListener> {
    const listener = new UdpListener(name, host, records);
    listener.#socket.bind(port, name);
    await once(listener.#socket, 'listening');
    listener.#socket.on('error', (error) => host.failed(error));
    listener.#begin();
    return listener;
  }

  get address(): string {
    const { address, port } = this.#socket.address();
    return addressText('udp', address, port);
  }

  async close(): Promise<void> {
    this.#host.listening.closeSocket(this.#drops);
    this.#socket.close();
    this.#write();
    await Promise.all(this.#rooms);
    this.#host.account.close(this.#writer);
  }

  #begin(): void {
    const { account, listening, say } = this.#host;
    account.add(this.#writer);
    listening.addSocket(this.#drops);
    if (this.#drops() === undefined) {
      say(
        `ringest: ${this.address}: this system does not say what it drops there: it is not counted`,
      );
    }
  }

  #take(datagram: Buffer, sender: string): void {
    const { account, listening, streams } = this.#host;
    account.bytes += datagram.length;
    if (!listening.datagrams.take(datagram.length)) {
      listening.dropped++;
      return;
    }
    const batch = this.#batch;
    if (batch.datagrams === 0) setImmediate(() => this.#write());
    batch.datagrams++;
    batch.bytes += datagram.length;
    const source = senderOf(sender);
    for (const record of this.#records(datagram, streams.maxBytes)) {
      batch.drafts.push(streams.draft(record, source));
    }
    if (batch.drafts.length >= MOST_DRAFTS) this.#write();
  }

  #write(): void {
    const { drafts, datagrams, bytes } = this.#batch;
    this.#batch = { drafts: [], datagrams: 0, bytes: 0 };
    const { listening, failed } = this.#host;
    const free = () => listening.datagrams.give(bytes);
    try {
      const room = drafts.length === 0 ? undefined : this.#writer.write(drafts);
      if (room === undefined) {
        free();
        return;
      }
      const waiting = room.catch(failed).finally(() => {
        free();
        this.#rooms.delete(waiting);
      });
      this.#rooms.add(waiting);
    } catch (error) {
      free();
      if (error instanceof BacklogFullError) listening.dropped += datagrams;
      else failed(error as Error);
    }
  }
}
