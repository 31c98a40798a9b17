import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import {
  API_VERSION,
  answerChallenge,
  Compression,
  encodeChallenge,
  encodeConfirmApiVersion,
  encodeConfirmDittoBlock,
  encodeConfirmEntry,
  encodeConfirmId,
  encodeConfirmIngesterState,
  encodeConfirmIngestOk,
  encodeConfirmTag,
  encodeEntry,
  encodeErrorTag,
  encodePong,
  encodeState,
  encodeStreamConfiguration,
  encodeTagResponse,
  type Frame,
  hashSecret,
  type IngesterIdentity,
  type IngesterMessage,
  type IngesterState,
  IngesterStreamDecoder,
  MinimumVersion,
  SnappyFramingDecoder,
  SnappyFramingEncoder,
  State,
  type Tenant,
} from '@ringest/codec';
import { onTestFinished } from 'vitest';
import { type Arrival, arrival } from './arrivals.js';
import { Changes } from './changes.js';
import { SECRET } from './muxer.js';
import { unpack } from './snappy.js';

/** How a scripted indexer behaves; what is left out it does as an indexer should. */
export interface Script {
  readonly secret: string;
  readonly version: number;
  /** How often an answer is to be hashed: a real indexer has it done 10000 times and more. */
  readonly iterations: number;
  /** Whether it says anything at all. */
  readonly greets: boolean;
  /** Whether it understands what it hears. */
  readonly listens: boolean;
  /** The answer to a tag request; empty: refused. The first tag is 500 unless given. */
  readonly numberTags: (
    names: readonly string[],
    connection: number,
  ) => ReadonlyMap<string, number>;
  /** The answer to TAG; `undefined`: refused. A number made from the name unless given. */
  readonly numberTag: (name: string, connection: number) => number | undefined;
  /** Whether TAG is answered by the script; else a test does it itself. */
  readonly answersTags: boolean;
  /** The answer to a ditto block: 0, stored; `undefined`: a test answers itself. */
  readonly dittoResult: number | undefined;
  /** Whether PING is answered. */
  readonly answersPings: boolean;
  /** Whether INGESTER_STATE is answered. */
  readonly answersStates: boolean;
  /** The answers to INGEST_OK, one by one; the last one again and again. */
  readonly readiness: readonly boolean[];
  /** What it chooses, whatever it is asked for. */
  readonly compression: Compression;
  /** Listens with TLS. */
  readonly tls: TlsOptions | undefined;
  /** Listens on a Unix socket. */
  readonly path: string | undefined;
  /** What it sends in one piece with its stream configuration. */
  readonly tail: Buffer;
  /** When entries are confirmed: a test does it itself, as they come, or all when FORCE_ACK comes. */
  readonly confirms: 'never' | 'at once' | 'on flush';
  /** Whether the connection is kept open when the ingester has ended its half. */
  readonly lingers: boolean;
  readonly port: number;
  /** What its connections after the first one do otherwise. */
  readonly later: Partial<Script>;
}

const OBEDIENT: Script = {
  secret: SECRET,
  version: API_VERSION,
  iterations: 1,
  greets: true,
  listens: true,
  numberTags: (names) => new Map(names.map((name, i) => [name, 500 + i])),
  numberTag: (name) =>
    600 + ([...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 0) % 60_000),
  answersTags: true,
  dittoResult: 0,
  answersPings: true,
  answersStates: true,
  readiness: [true],
  compression: Compression.none,
  tls: undefined,
  path: undefined,
  tail: Buffer.alloc(0),
  confirms: 'never',
  lingers: false,
  port: 0,
  later: {},
};

/** An indexer that does what a test tells it to, right or wrong, on real sockets. */
export class ScriptedIndexer {
  readonly connections: ScriptedConnection[] = [];
  readonly #script: Script;
  readonly #server: Server;
  readonly #changes = new Changes();

  private constructor(script: Script) {
    this.#script = script;
    const options = { noDelay: true, allowHalfOpen: script.lingers };
    const accept = (socket: Socket) => {
      const number = this.connections.length;
      const own = number === 0 ? script : { ...script, ...script.later };
      this.connections.push(new ScriptedConnection(socket, own, number, this.#changes));
      this.#changes.tell();
    };
    this.#server =
      script.tls === undefined
        ? createServer(options, accept)
        : createTlsServer({ ...options, ...script.tls }, accept);
  }

  /** Listens on a free port, until the test is finished. */
  static async listen(script: Partial<Script> = {}): Promise<ScriptedIndexer> {
    const indexer = new ScriptedIndexer({ ...OBEDIENT, ...script });
    onTestFinished(() => indexer.close());
    if (script.path !== undefined) indexer.#server.listen(script.path);
    else indexer.#server.listen(script.port ?? 0, '127.0.0.1');
    await once(indexer.#server, 'listening');
    return indexer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    const { path, tls } = this.#script;
    if (path !== undefined) return `pipe://${path}`;
    return `${tls === undefined ? 'tcp' : 'tls'}://127.0.0.1:${this.port}`;
  }

  /** The connection with a number, from 0 on, once it was accepted. */
  async connection(number: number): Promise<ScriptedConnection> {
    await this.#changes.until(`connection ${number}`, () => this.connections.length > number);
    return this.connections[number] as ScriptedConnection;
  }

  /** The same, once it is hot. */
  async hot(number: number): Promise<ScriptedConnection> {
    const connection = await this.connection(number);
    await connection.until('a hot connection', () => connection.isHot);
    return connection;
  }

  /** Stops listening and drops every connection. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    for (const { socket } of this.connections) socket.destroy();
    await once(this.#server, 'close');
  }
}

/** One ingester's connection. */
export class ScriptedConnection {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  /** What the ingester said, entries apart. */
  readonly heard: IngesterMessage['kind'][] = [];
  tags: ReadonlyMap<string, number> = new Map();
  identity: IngesterIdentity | undefined;
  /** What came as INGESTER_STATE. */
  readonly states: IngesterState[] = [];
  /** Entries of each ditto block; its frames are not among `frames`. */
  readonly dittos: Frame[][] = [];
  isHot = false;
  /** How often FORCE_ACK came since the connection is hot. */
  flushes = 0;
  /** Whether the ingester has ended its half, or all of it is gone. */
  isEnded = false;
  readonly #script: Script;
  readonly #number: number;
  readonly #changes: Changes;
  readonly #decoder = new IngesterStreamDecoder();
  readonly #challenge;
  #readinessAsked = 0;
  #confirmed = 0;
  /** Entries of the last ditto block that are still to come. */
  #dittoMissing = 0;
  /** Both are there once the stream is compressed. */
  #packer: SnappyFramingEncoder | undefined;
  #unpacker: SnappyFramingDecoder | undefined;
  tenant: Tenant | undefined;

  constructor(socket: Socket, script: Script, number: number, changes: Changes) {
    this.socket = socket;
    this.#script = script;
    this.#number = number;
    this.#changes = changes;
    const { iterations, version } = script;
    this.#challenge = { iterations, random: Buffer.alloc(32, 7), version };
    socket.on('error', () => {});
    socket.on('data', (chunk) => script.listens && this.#receive(chunk));
    const ended = () => {
      this.isEnded = true;
      changes.tell();
    };
    socket.on('end', ended);
    socket.on('close', ended);
    if (script.greets) socket.write(encodeChallenge(this.#challenge));
  }

  /** Waits for something that comes about by what the ingester does. */
  until(what: string, condition: () => boolean): Promise<void> {
    return this.#changes.until(what, condition);
  }

  /** Waits until so many entries have come in all. */
  async entries(count: number): Promise<readonly Frame[]> {
    await this.until(`${count} entries`, () => this.frames.length >= count);
    return this.frames;
  }

  /** Waits until the ingester has hung up. */
  ended(): Promise<void> {
    return this.until('the end of the connection', () => this.isEnded);
  }

  write(bytes: Uint8Array): void {
    this.socket.write(this.#packer?.encode(bytes) ?? bytes);
  }

  /** Confirms ids, in one write. */
  confirm(...ids: readonly number[]): void {
    this.write(confirmations(ids));
  }

  /** Confirms everything up to an id that is not confirmed yet. */
  confirmThrough(id: number): void {
    const first = this.#confirmed + 1;
    this.#confirmed = Math.max(this.#confirmed, id);
    this.confirm(...Array.from({ length: id - first + 1 }, (_, i) => first + i));
  }

  /** Everything that came. */
  get arrivals(): Arrival[] {
    return this.arrivalsFrom(0);
  }

  /** What came after so many entries. */
  arrivalsFrom(first: number): Arrival[] {
    const names = new Map([...this.tags].map(([name, number]) => [number, name]));
    return this.frames
      .slice(first)
      .map(({ entry }) =>
        arrival(names.get(entry.tag) ?? `number ${entry.tag}`, encodeEntry(entry)),
      );
  }

  #receive(chunk: Buffer): void {
    this.#decoder.push(this.#unpacker === undefined ? chunk : unpack(chunk, this.#unpacker));
    for (let message = this.#decoder.next(); message; message = this.#decoder.next()) {
      if (message.kind === 'entry') this.#take(message);
      else this.#answer(message);
    }
    if (this.#script.confirms === 'at once' && this.frames.length > this.#confirmed) {
      this.confirmThrough(this.frames.length);
    }
    this.#changes.tell();
  }

  #take(frame: Frame): void {
    if (this.#dittoMissing === 0) {
      this.frames.push(frame);
      return;
    }
    this.dittos.at(-1)?.push(frame);
    this.#dittoMissing--;
    const { dittoResult } = this.#script;
    if (this.#dittoMissing > 0 || dittoResult === undefined) return;
    this.write(encodeConfirmDittoBlock(dittoResult));
  }

  #answer(message: Exclude<IngesterMessage, { kind: 'entry' }>): void {
    const script = this.#script;
    this.heard.push(message.kind);
    switch (message.kind) {
      case 'challengeResponse': {
        this.tenant = message.tenant;
        const right = answerChallenge(this.#challenge, hashSecret(script.secret));
        if (message.answer.equals(right)) {
          this.write(encodeState({ id: State.authenticated, info: '' }));
        } else {
          this.write(encodeState({ id: State.notAuthenticated, info: 'no entry' }));
          this.socket.end();
        }
        return;
      }
      case 'tagRequest':
        this.tags = script.numberTags(message.tags, this.#number);
        this.write(encodeTagResponse(this.tags));
        return;
      case 'state':
        this.isHot = script.version < MinimumVersion.id;
        return;
      case 'apiVersion':
        this.write(encodeConfirmApiVersion());
        return;
      case 'id':
        this.identity = message;
        this.isHot = script.version < MinimumVersion.ingestOk;
        this.write(encodeConfirmId());
        return;
      case 'ingestOk': {
        const { readiness, version } = script;
        const ok = readiness[Math.min(this.#readinessAsked++, readiness.length - 1)] === true;
        if (ok && version < MinimumVersion.streamConfiguration) this.isHot = true;
        else if (ok) this.#decoder.expectStreamConfiguration();
        this.write(encodeConfirmIngestOk(ok));
        return;
      }
      case 'streamConfiguration':
        this.isHot = script.version < MinimumVersion.ingesterState;
        this.write(Buffer.concat([encodeStreamConfiguration(script.compression), script.tail]));
        if (script.compression === Compression.none) return;
        this.#packer = new SnappyFramingEncoder();
        this.#unpacker = new SnappyFramingDecoder();
        this.#decoder.push(unpack(this.#decoder.rest(), this.#unpacker));
        return;
      case 'tag': {
        if (!script.answersTags) return;
        const number = script.numberTag(message.name, this.#number);
        if (number !== undefined) this.tags = new Map([...this.tags, [message.name, number]]);
        this.write(number === undefined ? encodeErrorTag() : encodeConfirmTag(number));
        return;
      }
      case 'ingesterState':
        if (message.state instanceof Error) throw message.state;
        this.states.push(message.state);
        if (script.answersStates) this.write(encodeConfirmIngesterState());
        // A new connection is told the state first: from here on a test has the wire to itself.
        this.isHot = true;
        return;
      case 'dittoBlock':
        this.dittos.push([]);
        this.#dittoMissing = message.count;
        return;
      case 'ping':
        if (script.answersPings) this.write(encodePong());
        return;
      case 'forceAck':
        if (this.isHot) this.flushes++;
        if (script.confirms === 'on flush') this.confirmThrough(this.frames.length);
    }
  }
}

/** The bytes of CONFIRM_ENTRY for each id. */
export function confirmations(ids: readonly number[]): Buffer {
  return Buffer.concat(ids.map(encodeConfirmEntry));
}
