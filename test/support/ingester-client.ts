import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import {
  API_VERSION,
  answerChallenge,
  Compression,
  type EntryInput,
  encodeApiVersion,
  encodeChallengeResponse,
  encodeEntry,
  encodeIngestOk,
  encodeState,
  encodeStreamConfiguration,
  encodeTagRequest,
  hashSecret,
  type IndexerMessage,
  IndexerStreamDecoder,
  SnappyFramingDecoder,
  SnappyFramingEncoder,
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
  #packer: SnappyFramingEncoder | undefined;
  #unpacker: SnappyFramingDecoder | undefined;
  #closed = false;
  #arrived: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#take(chunk);
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

  /**
   * @param address as `Indexer.listen` returns it.
   * @param tls for `tls://`: what the indexer's certificate is verified with, and perhaps one to show.
   */
  static async connect(address: string, tls: ConnectionOptions = {}): Promise<IngesterClient> {
    const socket = await connectSocket(address, tls);
    return new IngesterClient(socket);
  }

  /** Connects and goes through the handshake; returns the numbers of the tags too. */
  static async hot(
    address: string,
    secret: string,
    names: readonly string[],
    { tenant, tls }: { readonly tenant?: string; readonly tls?: ConnectionOptions } = {},
  ) {
    const client = await IngesterClient.connect(address, tls);
    await client.authenticate(secret, tenant);
    await client.expect('state');
    client.write(encodeTagRequest(names));
    const { tags } = await client.expect('tagResponse');
    client.write(encodeState({ id: State.hot, info: '' }));
    return { client, tags };
  }

  async authenticate(secret: string, tenant?: string): Promise<void> {
    const challenge = await this.expect('challenge');
    const answer = answerChallenge(challenge, hashSecret(secret));
    const named = tenant === undefined ? undefined : { name: tenant, version: challenge.version };
    this.write(encodeChallengeResponse(answer, named));
  }

  /** Has both directions compressed from here on. */
  async compress(): Promise<void> {
    this.write(Buffer.concat([encodeApiVersion(API_VERSION), encodeIngestOk()]));
    await this.expect('confirmApiVersion');
    await this.expect('confirmIngestOk');
    this.#decoder.expectStreamConfiguration();
    this.write(encodeStreamConfiguration(Compression.snappy));
    await this.expect('streamConfiguration');
    this.#packer = new SnappyFramingEncoder();
    this.#unpacker = new SnappyFramingDecoder();
    this.#take(this.#decoder.rest());
  }

  write(bytes: Uint8Array): void {
    this.socket.write(this.#packer?.encode(bytes) ?? bytes);
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

  #take(bytes: Buffer): void {
    if (this.#unpacker === undefined) this.#decoder.push(bytes);
    else this.#unpacker.decode(bytes, (plain) => this.#decoder.push(plain));
  }
}

async function connectSocket(address: string, tls: ConnectionOptions): Promise<Socket> {
  if (address.startsWith('pipe://')) {
    const socket = connect({ path: address.slice('pipe://'.length), allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  }
  const { protocol, hostname, port } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, '');
  const options = { host, port: Number(port), noDelay: true, allowHalfOpen: true };
  if (protocol === 'tls:') {
    const socket = connectTls({ ...options, ...tls });
    await once(socket, 'secureConnect');
    return socket;
  }
  const socket = connect(options);
  await once(socket, 'connect');
  return socket;
}
