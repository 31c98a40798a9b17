import type { Arrival } from './arrivals.js';
import { IS_RELAYED, startRelay, wayOfProject } from './relaying.js';
import { ScriptedIndexer } from './scripted-indexer.js';

/** What a scripted indexer calls the tag that was never asked for: every indexer has it. */
const GRAVWELL = 'number 65535';

/**
 * An indexer that confirms at once and keeps all that arrives, until the test is finished. It is for
 * tests of which the indexer is not the subject: its challenge takes hardly any processor time.
 */
export class CollectingIndexer {
  readonly indexer: ScriptedIndexer;
  /** Where it listens, or, in the projects `relayed…`, the relay before it. */
  readonly address: string;
  #taken: Arrival[] = [];
  #connections = 0;
  #frames = 0;

  private constructor(indexer: ScriptedIndexer, address: string) {
    this.indexer = indexer;
    this.address = address;
  }

  static async start(options: { readonly port?: number } = {}): Promise<CollectingIndexer> {
    if (!IS_RELAYED) {
      const indexer = await ScriptedIndexer.listen({ ...options, confirms: 'at once' });
      return new CollectingIndexer(indexer, indexer.address);
    }
    const way = await wayOfProject();
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once', ...way.script });
    const { port = 0 } = options;
    const { address } = await startRelay({
      muxer: { targets: [indexer.address], ...way.muxer },
      listener: { listen: `127.0.0.1:${port}` },
    });
    return new CollectingIndexer(indexer, address);
  }

  /** All that arrived, connection by connection. */
  get received(): Arrival[] {
    const { connections } = this.indexer;
    const frames = connections.reduce((sum, one) => sum + one.frames.length, 0);
    if (frames !== this.#frames || connections.length !== this.#connections) {
      this.#frames = frames;
      this.#connections = connections.length;
      this.#taken = connections
        .flatMap(({ arrivals }) => arrivals)
        .map((one) => (one.tag === GRAVWELL ? { ...one, tag: 'gravwell' } : one));
    }
    return this.#taken;
  }

  /** Waits until so many entries have come in all. */
  async entries(count: number): Promise<void> {
    const first = await this.indexer.connection(0);
    const { connections } = this.indexer;
    const arrived = () => connections.reduce((sum, { frames }) => sum + frames.length, 0);
    await first.until(`${count} entries`, () => arrived() >= count);
  }
}
