import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { EntryInput } from '@ringest/codec';
import type { IngestMuxer } from '@ringest/core';
import { pino } from 'pino';
import { expect, onTestFinished } from 'vitest';
import { expectArrivals, expectedArrivals } from './arrivals.js';
import { Changes } from './changes.js';
import { encodeFrame, IngesterClient } from './ingester-client.js';
import { hotMuxer, SECRET } from './muxer.js';
import { RecordingIndexer, type RecordingOptions } from './recording-indexer.js';
import { WRITE_PATHS, writeBy } from './write-paths.mjs';

/** How often the honest ingester writes an entry, in milliseconds. */
const INTERVAL_MS = 2;
/** How long its last entries may take, in milliseconds. */
const PATIENCE_MS = 20_000;

/** Why a connection to the indexer has ended, as its log tells. */
export interface Refusal {
  readonly type: string;
  readonly code: string;
  readonly message: string;
}

/** An embedded indexer with an honest ingester, whose entries flow, and hostile ones. */
export class Siege {
  readonly muxer: IngestMuxer;
  readonly address: string;
  readonly #recording: RecordingIndexer;
  /** By the address of the ingester. */
  readonly #refusals: Map<string, Refusal | undefined>;
  readonly #changes: Changes;
  /** A socket that is closed has no address any more. */
  readonly #peers = new WeakMap<Socket, string>();
  readonly #losses: Error[] = [];
  readonly #written: EntryInput[] = [];
  #isFlowing = true;
  readonly #flow: Promise<void>;

  private constructor(
    recording: RecordingIndexer,
    muxer: IngestMuxer,
    refusals: Map<string, Refusal | undefined>,
    changes: Changes,
  ) {
    this.#recording = recording;
    this.address = recording.address;
    this.muxer = muxer;
    this.#refusals = refusals;
    this.#changes = changes;
    muxer.on('lost', (error) => this.#losses.push(error));
    muxer.on('error', (error) => this.#losses.push(error));
    this.#flow = this.#writeEntries();
    onTestFinished(() => this.#stopWriting());
  }

  static async begin(options: Partial<RecordingOptions> = {}): Promise<Siege> {
    const refusals = new Map<string, Refusal | undefined>();
    const changes = new Changes();
    const write = (line: string) => {
      const { ingester, msg, err } = JSON.parse(line);
      if (msg !== 'ingester is lost' && msg !== 'ingester has left') return;
      refusals.set(ingester, err);
      changes.tell();
    };
    const recording = await RecordingIndexer.start({
      logger: pino({ level: 'info' }, { write }),
      // Hostile ones ask for tags of their own.
      tags: ['test'],
      ...options,
    });
    const muxer = await hotMuxer({ targets: [recording.address] });
    return new Siege(recording, muxer, refusals, changes);
  }

  /** A connection that has said nothing yet. */
  async connect(): Promise<IngesterClient> {
    return this.#remember(await IngesterClient.connect(this.address));
  }

  /** A connection that has the secret, and the tag `test` with its number. */
  async hot(): Promise<{ readonly client: IngesterClient; readonly tag: number }> {
    const { client, tags } = await IngesterClient.hot(this.address, SECRET, ['test']);
    return { client: this.#remember(client), tag: tags.get('test') ?? -1 };
  }

  /** Why the indexer has ended a connection, once it has; `undefined`: the ingester left in order. */
  async refusal({ socket }: Pick<IngesterClient, 'socket'>): Promise<Refusal | undefined> {
    const peer = this.#peers.get(socket) ?? '';
    await this.#changes.until(`the end of ${peer}`, () => this.#refusals.has(peer));
    if (!socket.closed) {
      socket.destroy();
      await once(socket, 'close');
    }
    return this.#refusals.get(peer);
  }

  /**
   * Ends the siege, and checks that nobody but hostile ingesters had to do with it: the honest one
   * kept its only connection, all that it wrote has come once, and another one is let in.
   */
  async expectNoHarm(): Promise<void> {
    await this.#stopWriting();
    await this.muxer.sync({ timeout: PATIENCE_MS });
    expect(this.#losses).toEqual([]);
    const mine = this.#recording.received.filter(({ bytes }) => bytes.includes('honest '));
    expectArrivals(mine, expectedArrivals(this.#written));
    const { client, tag } = await this.hot();
    client.write(encodeFrame(1, { timestamp: 0, tag, data: 'another one' }));
    expect(await client.expect('confirmEntry')).toMatchObject({ id: 1 });
    client.destroy();
    expect(await this.muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    await this.#recording.indexer.close();
  }

  #remember(client: IngesterClient): IngesterClient {
    const { socket } = client;
    this.#peers.set(socket, `${socket.localAddress}:${socket.localPort}`);
    return client;
  }

  #stopWriting(): Promise<void> {
    this.#isFlowing = false;
    return this.#flow;
  }

  async #writeEntries(): Promise<void> {
    while (this.#isFlowing) {
      const i = this.#written.length;
      const entry: EntryInput = { timestamp: i, tag: 0, data: `honest ${i}` };
      this.#written.push(entry);
      await writeBy(WRITE_PATHS[i % WRITE_PATHS.length] ?? 'writeEntry', this.muxer, [entry]);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }
}
