import type { IngestMuxer } from '@ringest/core';
import { expect } from 'vitest';
import { IngesterClient } from './ingester-client.js';
import { hotMuxer, SECRET } from './muxer.js';
import { NodeProcess, support } from './node-process.js';
import { scaled } from './scale.js';

const WARM_UP = scaled(100, 5000);
const PATIENCE_MS = 25_000;

/** An indexer in a process of its own, whose memory is watched, with an honest ingester. */
export class Fortress {
  readonly address: string;
  readonly muxer: IngestMuxer;
  readonly #process: NodeProcess;
  readonly #losses: Error[] = [];
  #written = 0;
  #others = 0;

  private constructor(address: string, process: NodeProcess, muxer: IngestMuxer) {
    this.address = address;
    this.muxer = muxer;
    this.#process = process;
    muxer.on('lost', (error) => this.#losses.push(error));
    muxer.on('error', (error) => this.#losses.push(error));
  }

  static async raise(): Promise<Fortress> {
    const process = new NodeProcess(support('hostile-besieged.mjs'), []);
    const [, address = ''] = await process.says('stdout', /^listening on (\S+)\n/m);
    const fortress = new Fortress(address, process, await hotMuxer({ targets: [address] }));
    await fortress.write(WARM_UP);
    process.kill('SIGUSR2');
    await process.says('stdout', /settled/);
    return fortress;
  }

  /** Has the honest ingester write entries, until they are confirmed. */
  async write(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const wait = this.muxer.writeEntry({
        timestamp: i,
        tag: 0,
        data: `honest ${this.#written++}`,
      });
      if (wait) await wait;
      else if (i % 10 === 0) await new Promise(setImmediate);
    }
    await this.muxer.sync({ timeout: PATIENCE_MS });
  }

  /** Lets in another honest ingester, for one entry. */
  async letIn(): Promise<void> {
    const muxer = await hotMuxer({ targets: [this.address], times: { handshake: 6000 } });
    this.#others++;
    muxer.writeEntry({ timestamp: 0, tag: 0, data: 'another one' });
    await muxer.sync({ timeout: PATIENCE_MS });
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  }

  connect(): Promise<IngesterClient> {
    return IngesterClient.connect(this.address);
  }

  /** A hostile ingester that has the secret, and the number of the tag `test`. */
  async hot(): Promise<{ readonly client: IngesterClient; readonly tag: number }> {
    const { client, tags } = await IngesterClient.hot(this.address, SECRET, ['test']);
    return { client, tag: tags.get('test') ?? -1 };
  }

  /**
   * Checks that the honest ingester was not harmed.
   * @param mostGrowth how much more memory the indexer may have had, where that is what a test is about
   * @param hostileEntries entries that hostile ingesters had confirmed
   */
  async expectToStand(mostGrowth = Number.POSITIVE_INFINITY, hostileEntries = 0): Promise<void> {
    await this.write(1000);
    await this.letIn();
    expect(this.#losses).toEqual([]);
    expect(await this.muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    expect(await this.#process.end('SIGTERM')).toBe(0);
    expect(this.#process.stderr).toBe('');
    const { growth, entries } = this.#process.lastJson<{ growth: number; entries: number }>();
    expect(entries).toBe(this.#written + this.#others + hostileEntries);
    expect(growth).toBeLessThan(mostGrowth);
  }
}
