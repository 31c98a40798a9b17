import { encodeEntry } from '@ringest/codec';
import { type Arrival, arrival } from './arrivals.js';
import { ScriptedIndexer } from './scripted-indexer.js';

/**
 * An indexer that confirms all that comes, and keeps it. It is for tests whose subject is not the
 * indexer: its challenge takes no time, where that of the embedded one takes a tenth of a second.
 */
export class Receiver {
  readonly indexer: ScriptedIndexer;
  readonly #received: Arrival[] = [];
  /** How many entries of each connection are among them. */
  readonly #taken: number[] = [];

  private constructor(indexer: ScriptedIndexer) {
    this.indexer = indexer;
  }

  /** @param listen host and port; a free one unless given */
  static async start({ listen }: { readonly listen?: string | undefined } = {}): Promise<Receiver> {
    const port = Number(listen?.split(':').at(-1) ?? 0);
    return new Receiver(await ScriptedIndexer.listen({ confirms: 'at once', port }));
  }

  get address(): string {
    return this.indexer.address;
  }

  /** All that has come, by connections, and in the order in which it came on each. */
  get received(): readonly Arrival[] {
    for (const [i, { frames, tags }] of this.indexer.connections.entries()) {
      const taken = this.#taken[i] ?? 0;
      if (frames.length === taken) continue;
      const names = new Map([...tags].map(([name, number]) => [number, name]));
      for (const { entry } of frames.slice(taken)) {
        this.#received.push(arrival(names.get(entry.tag) ?? `${entry.tag}`, encodeEntry(entry)));
      }
      this.#taken[i] = frames.length;
    }
    return this.#received;
  }

  /** Waits until so many entries have come in all. */
  async entries(count: number): Promise<void> {
    const first = await this.indexer.connection(0);
    const come = () =>
      this.indexer.connections.reduce((sum, { frames }) => sum + frames.length, 0) >= count;
    await first.until(`${count} entries`, come);
  }
}
