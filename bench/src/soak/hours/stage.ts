import { Account } from './arrivals/account.js';
import { SoakIndexer } from './indexers/soak-indexer.js';
import type { Part, StartPart } from './parts/part.js';
import type { Scene } from './scene.js';

const INDEXERS = 3;
/** How often what has arrived is taken into the account, in milliseconds. */
const ACCOUNT_MS = 100;

/** All indexers and all parts of a run. */
export class Stage implements AsyncDisposable {
  readonly indexers: SoakIndexer[] = [];
  readonly parts: Part[] = [];
  readonly account: Account;
  readonly #scene: Scene;
  readonly #timer: NodeJS.Timeout;

  private constructor(scene: Scene, account: Account) {
    this.#scene = scene;
    this.account = account;
    this.#timer = setInterval(() => account.read(), ACCOUNT_MS);
  }

  /** Starts everything: entries are written from then on. */
  static async start(scene: Scene, parts: readonly StartPart[]): Promise<Stage> {
    const names = Array.from({ length: INDEXERS }, (_, i) => `indexer ${i + 1}`);
    const account = new Account(scene.folder, names);
    const stage = new Stage(scene, account);
    try {
      for (const [i, name] of names.entries()) {
        // Its memory can be judged.
        const isSpared = i === 0;
        stage.indexers.push(await SoakIndexer.start(scene, name, isSpared));
      }
      scene.open(stage.indexers, account);
      for (const start of parts) {
        const part = await start(scene);
        if (part !== undefined) stage.parts.push(part);
      }
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The streams of all parts. */
  get streams(): number[] {
    return this.parts.flatMap(({ sent }) => sent.map(({ stream }) => stream));
  }

  /** Ends all processes at once. One that cannot be ended leaves none of the others. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    for (const places of [this.parts, this.indexers]) {
      const ended = await Promise.allSettled(places.map((place) => place.stop()));
      for (const [i, end] of ended.entries()) {
        if (end.status === 'fulfilled') continue;
        this.#scene.failed(places[i]?.name ?? '', `it could not be ended: ${end.reason}`);
      }
    }
  }
}
