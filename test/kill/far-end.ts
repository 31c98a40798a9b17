import { Indexer } from '@ringest/indexer';
import { SECRET } from '../support/muxer.js';
import { freePort } from '../support/victim.js';
import { type Account, type Arrived, arrived } from './account.js';
import type { Weather } from './plan.js';

/** An indexer at one address for good, which comes and goes. What it takes is in the account. */
export class FarEnd {
  readonly #account: Account;
  readonly #port: number;
  #nextTag = 1000;
  #indexer: Indexer | undefined;
  #names = new Map<number, string>();
  /** The last entry taken, if its tag is new: it has a name once the indexer has counted the entry. */
  #unnamed: { readonly tag: number; readonly entry: Arrived } | undefined;

  private constructor(account: Account, port: number) {
    this.#account = account;
    this.#port = port;
  }

  static async create(account: Account): Promise<FarEnd> {
    return new FarEnd(account, await freePort());
  }

  get target(): string {
    return `tcp://127.0.0.1:${this.#port}`;
  }

  get isUp(): boolean {
    return this.#indexer !== undefined;
  }

  async up({ ackDelay, readRate }: Pick<Weather, 'ackDelay' | 'readRate'>): Promise<void> {
    // The same tags have other numbers every time.
    this.#nextTag += 1000;
    const indexer = new Indexer({
      listen: this.target,
      secret: SECRET,
      firstTag: this.#nextTag,
      ackDelay,
      readRate,
      onEntry: (view) => {
        this.#nameTag();
        const { tag } = view;
        const name = this.#names.get(tag);
        if (name === undefined) this.#unnamed = { tag, entry: arrived(view) };
        else this.#account.take(arrived(view), name);
      },
      beforeConfirm: () => this.#nameTag(),
    });
    this.#indexer = indexer;
    this.#names = new Map();
    await indexer.listen();
  }

  /** Whatever it has not taken by then, it never will. */
  async down(): Promise<void> {
    await this.#indexer?.close();
    this.#nameTag();
    this.#indexer = undefined;
  }

  #nameTag(): void {
    if (this.#unnamed === undefined) return;
    const { tag, entry } = this.#unnamed;
    this.#unnamed = undefined;
    const known = new Set(this.#names.values());
    const tags = Object.keys(this.#indexer?.stats().tags ?? {});
    const name = tags.find((one) => !known.has(one)) ?? 'no tag';
    this.#names.set(tag, name);
    this.#account.take(entry, name);
  }
}
