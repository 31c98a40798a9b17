import type { EntryInput, Frame } from '@ringest/codec';
import type { IngestMuxer } from '@ringest/core';
import { hotMuxer, type newMuxer } from './muxer.js';
import { type Script, type ScriptedConnection, ScriptedIndexer } from './scripted-indexer.js';

export const ENTRY: EntryInput = { timestamp: 1, tag: 0, data: 'a' };
export const BLOCK: readonly EntryInput[] = ['x', 'y', 'z'].map((data, i) => ({
  timestamp: i,
  tag: 0,
  data,
}));

type Configuration = Partial<Parameters<typeof newMuxer>[0]>;

interface Connected {
  readonly indexer: ScriptedIndexer;
  readonly muxer: IngestMuxer;
  readonly connection: ScriptedConnection;
}

/** A muxer with one lane, to an indexer that confirms entries at once and is scripted otherwise. */
export async function connected(
  script: Partial<Script> = {},
  configuration: Configuration = {},
): Promise<Connected> {
  const indexer = await ScriptedIndexer.listen({ confirms: 'at once', ...script });
  const muxer = await hotMuxer({ targets: [indexer.address], ...configuration });
  return { indexer, muxer, connection: await indexer.hot(0) };
}

/** The ditto block with a number, from 0 on, once so many entries of it have come. */
export async function blockOf(
  connection: ScriptedConnection,
  number: number,
  entries: number,
): Promise<readonly Frame[]> {
  await connection.until(`block ${number}`, () => connection.dittos[number]?.length === entries);
  return connection.dittos[number] as Frame[];
}

/** What a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
}

/** The data of entries, as text. */
export function textsOf(frames: readonly Frame[]): string[] {
  return frames.map(({ entry }) => `${entry.data}`);
}
