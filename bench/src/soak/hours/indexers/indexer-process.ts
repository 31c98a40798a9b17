import { type EntryView, Indexer } from '@ringest/indexer';
import { ArrivalWriter } from '../arrivals/arrival-files.js';
import { readArrived } from '../soak-entries.js';
import type {
  Behaviour,
  FromSoakIndexer,
  SoakIndexerSettings,
  ToSoakIndexer,
} from './indexer-messages.js';

/** An indexer in a process of its own, which ends when its parent disconnects. */
const tell = (message: FromSoakIndexer) => process.send?.(message);

/** Indexers at the same addresses, one after the other: each has a behaviour for good. */
class Turns {
  readonly #settings: SoakIndexerSettings;
  readonly #arrivals: ArrivalWriter;
  #indexer: Indexer | undefined;

  constructor(settings: SoakIndexerSettings) {
    this.#settings = settings;
    this.#arrivals = new ArrivalWriter(settings.arrivals, settings.name);
  }

  get indexer(): Indexer {
    if (this.#indexer === undefined) throw new Error('the indexer has not begun');
    return this.#indexer;
  }

  async next(behaviour: Behaviour): Promise<void> {
    await this.#indexer?.close();
    const { listen, secret, tls, startSeconds } = this.#settings;
    const indexer = new Indexer({
      ...{ listen, secret, tls, ...behaviour },
      onEntry: (entry: EntryView) => {
        this.#arrivals.add(readArrived(entry, indexer.tagOf(entry), startSeconds));
      },
      beforeConfirm: this.#arrivals.flush,
    });
    await indexer.listen();
    this.#indexer = indexer;
  }
}

let turns: Turns | undefined;

async function take(message: ToSoakIndexer): Promise<void> {
  if (message.kind === 'settings') {
    turns = new Turns(message.settings);
    await turns.next({});
  } else if (turns === undefined) {
    throw new Error('the settings come first');
  } else if (message.kind === 'behave') {
    await turns.next(message.behaviour);
  } else if (message.kind === 'delay') {
    turns.indexer.ackDelay = message.milliseconds;
  } else {
    turns.indexer.readRate = message.bytesPerSecond;
  }
  tell({ kind: 'done' });
}

process.on('message', (message: ToSoakIndexer) => {
  take(message).catch((error: Error) => {
    tell({ kind: 'failed', message: error.message });
    throw error;
  });
});
process.on('disconnect', () => process.exit());
