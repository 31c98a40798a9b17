import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  EntryView,
  type ReadStoreOptions,
  readStore,
  Store,
  type StoreDamage,
  type StoreOptions,
} from '@ringest/indexer';
import { onTestFinished } from 'vitest';
import { encodeFrame } from '../../support/ingester-client.js';

/** What the tests look at of an entry. */
export interface Stored {
  readonly data: string;
  readonly tag: string;
  readonly seconds: number;
}

/** All entries of a store that match. */
export async function entriesOf(path: string, options?: ReadStoreOptions): Promise<Stored[]> {
  const all: Stored[] = [];
  for await (const block of readStore(path, options)) {
    for (const entry of block) {
      const { seconds, data } = entry;
      all.push({ data: data.toString(), tag: block.tagOf(entry), seconds });
    }
  }
  return all;
}

export const dataOf = async (path: string, options?: ReadStoreOptions): Promise<string[]> =>
  (await entriesOf(path, options)).map(({ data }) => data);

/** The data that can be read, and the damage. */
export async function readDamaged(path: string) {
  const damage: StoreDamage[] = [];
  const data = await dataOf(path, { onDamage: (part) => damage.push(part) });
  return { data, damage };
}

/** A store that is closed when the test is finished. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const store = await Store.open(options);
  onTestFinished(() => store.close());
  for (const [name, number] of Object.entries(TAGS)) store.nameTag(number, name);
  return store;
}

export const TAGS = { test: 1, other: 2, third: 3 } as const;

/** An entry to be stored. Its time is in seconds. */
export interface ToStore {
  readonly data: string;
  readonly tag?: keyof typeof TAGS;
  readonly seconds?: number;
}

/** Adds entries, which lie back to back as they arrive on a connection. */
export function add(store: Store, entries: readonly ToStore[]) {
  const inlet = store.inlet();
  const frames = entries.map(({ data, tag = 'test', seconds = 0 }, i) =>
    encodeFrame(i + 1, { timestamp: { seconds, nanoseconds: 5 }, tag: TAGS[tag], data }),
  );
  const bytes = Buffer.concat(frames);
  const view = new EntryView();
  view.setBytes(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  let at = 0;
  for (const { length } of frames) {
    view.moveToFrame(at, length);
    inlet.add(view);
    at += length;
  }
  const room = inlet.endRun();
  // The memory of a connection is used again.
  bytes.fill(0);
  return { inlet, room };
}

/** Stores entries as one block. */
export async function put(store: Store, entries: readonly ToStore[]): Promise<void> {
  await add(store, entries).inlet.written();
}

/** The names of the files in a store's folder that end like this. */
export const filesIn = (path: string, ending: string): string[] =>
  readdirSync(path)
    .filter((name) => name.endsWith(ending))
    .sort();

export const bytesOf = (path: string, name: string): number => statSync(join(path, name)).size;
