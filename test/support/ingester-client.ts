import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  answerChallenge,
  type EntryInput,
  encodeChallengeResponse,
  encodeEntry,
  encodeState,
  encodeTagRequest,
  hashSecret,
  type IndexerMessage,
  IndexerStreamDecoder,
  State,
} from '@ringest/codec';

type Kind = IndexerMessage['kind'];
type MessageOf<K extends Kind> = Extract<IndexerMessage, { kind: K }>;

/** The NEW_ENTRY frame of an entry. */
export function encodeFrame(id: number, entry: EntryInput): Buffer {
  const encoded = encodeEntry(entry);
  const frame = Buffer.alloc(encoded.length + 12);
  frame.writeUInt32LE(0xc7c95acb, 0);
  encoded.copy(frame, 4, 0, 34);
  frame.writeBigUInt64LE(BigInt(id), 38);
  encoded.copy(frame, 46, 34);
  return frame;
}

/** An ingester that does nothing by itself: it says what a test tells it to. */
export class IngesterClient {
  readonly socket: Socket;
  readonly #decoder = new IndexerStreamDecoder();
  #closed = false;
  #arrived: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#decoder.push(chunk);
      this.#arrived();
    });
    socket.on('error', () => {});
    const closed = () => {
      this.#closed = true;
      this.#arrived();
      socket.end();
    };
    socket.on('end', closed);
    socket.on('close', closed);
  }

  /** @param address as `Indexer.listen` returns it. */
  static async connect(address: string): Promise<IngesterClient> {
    const { hostname, port } = new URL(address);
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port),
      noDelay: true,
      allowHalfOpen: true,
    });
    await once(socket, 'connect');
    return new IngesterClient(socket);
  }

  /** Connects and goes through the handshake; returns the numbers of the tags too. */
  static async hot(address: string, secret: string, names: readonly string[]) {
    const client = await IngesterClient.connect(address);
    await client.authenticate(secret);
    await client.expect('state');
    client.write(encodeTagRequest(names));
    const { tags } = await client.expect('tagResponse');
    client.write(encodeState({ id: State.hot, info: '' }));
    return { client, tags };
  }

  async authenticate(secret: string): Promise<void> {
    const challenge = await this.expect('challenge');
    this.write(encodeChallengeResponse(answerChallenge(challenge, hashSecret(secret))));
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next message, or `undefined` once the indexer has closed the connection. */
  async next(): Promise<IndexerMessage | undefined> {
    for (;;) {
      const message = this.#decoder.next();
      if (message !== undefined || this.#closed) return message;
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  /** The next message but PONGs, which must be of this kind. */
  async expect<K extends Kind>(kind: K): Promise<MessageOf<K>> {
    let message = await this.next();
    while (message?.kind === 'pong' && kind !== 'pong') message = await this.next();
    if (message?.kind !== kind) throw new Error(`${message?.kind ?? 'the end'} instead of ${kind}`);
    return message as MessageOf<K>;
  }

  /** Reads on until the indexer has closed the connection; the ids that it confirmed. */
  async confirmedUntilEnd(): Promise<number[]> {
    const ids: number[] = [];
    for (let message = await this.next(); message !== undefined; message = await this.next()) {
      if (message.kind === 'confirmEntry') ids.push(message.id);
    }
    return ids;
  }

  destroy(): void {
    this.socket.destroy();
  }
}
