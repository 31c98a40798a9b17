import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { BacklogFullError } from '@ringest/core';
import type { Draft } from '../entries/draft.js';
import type { DraftWriter } from '../entries/draft-writer.js';
import type { ListenAddress } from './listen-options.js';
import { addressText, type Listener, type ListenHost, senderOf } from './listener.js';

/** Makes drafts of a datagram. */
export type DatagramReader = (datagram: Buffer, sender: string | undefined) => readonly Draft[];

/** Entries that are written together, at most. */
const MOST_DRAFTS = 1000;
/** Datagrams that come while more waits are dropped. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;
const RECEIVE_BYTES = 4 * 1024 * 1024;

/** Takes datagrams. Those that come while too many wait for room are dropped, and counted. */
export class UdpListener implements Listener {
  readonly #socket: Socket;
  readonly #host: ListenHost;
  readonly #read: DatagramReader;
  readonly #writer: DraftWriter;
  #drafts: Draft[] = [];
  /** Bytes of datagrams whose entries wait for room, or for the disk. */
  #waitingBytes = 0;
  #bytes = 0;
  readonly #rooms = new Set<Promise<void>>();

  private constructor(name: string, host: ListenHost, read: DatagramReader) {
    this.#host = host;
    this.#read = read;
    this.#writer = host.streams.writer();
    host.account.add(this.#writer);
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
    read: DatagramReader,
  ): Promise<UdpListener> {
    const listener = new UdpListener(name, host, read);
    listener.#socket.bind(port, name);
    await once(listener.#socket, 'listening');
    listener.#socket.on('error', (error) => host.failed(error));
    return listener;
  }

  get address(): string {
    const { address, port } = this.#socket.address();
    return addressText('udp', address, port);
  }

  async close(): Promise<void> {
    this.#socket.close();
    this.#write();
    await Promise.all(this.#rooms);
    this.#host.account.close(this.#writer);
  }

  #take(datagram: Buffer, sender: string): void {
    const { account } = this.#host;
    account.bytes += datagram.length;
    if (this.#waitingBytes > MOST_WAITING_BYTES) {
      account.dropped++;
      return;
    }
    if (this.#drafts.length === 0) setImmediate(() => this.#write());
    this.#bytes += datagram.length;
    this.#drafts.push(...this.#read(datagram, senderOf(sender)));
    if (this.#drafts.length >= MOST_DRAFTS) this.#write();
  }

  #write(): void {
    const [drafts, bytes] = [this.#drafts, this.#bytes];
    this.#drafts = [];
    this.#bytes = 0;
    try {
      const room = drafts.length === 0 ? undefined : this.#writer.write(drafts);
      if (room === undefined) return;
      this.#waitingBytes += bytes;
      const waiting = room.catch(this.#host.failed).finally(() => {
        this.#waitingBytes -= bytes;
        this.#rooms.delete(waiting);
      });
      this.#rooms.add(waiting);
    } catch (error) {
      if (error instanceof BacklogFullError) this.#host.account.dropped += drafts.length;
      else this.#host.failed(error as Error);
    }
  }
}
