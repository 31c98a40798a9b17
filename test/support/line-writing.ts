import type { EntryInput } from '@ringest/codec';
import type { IngestMuxer, LineWriter, LineWriterOptions, MuxerConfiguration } from '@ringest/core';
import { type Arrival, expectArrivals, expectedArrivals } from './arrivals.js';
import { hotMuxer, SMALL_RING } from './muxer.js';
import { type ScriptedConnection, ScriptedIndexer } from './scripted-indexer.js';

export const FIXED = { tag: 0, timestamp: 7 } as const;

/** A muxer with small rings, and an indexer that confirms all that comes. */
export class LineWriting {
  readonly muxer: IngestMuxer;
  readonly connection: ScriptedConnection;
  #compared = 0;

  private constructor(muxer: IngestMuxer, connection: ScriptedConnection) {
    this.muxer = muxer;
    this.connection = connection;
  }

  static async start(configuration: Partial<MuxerConfiguration> = {}): Promise<LineWriting> {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const targets = [indexer.address];
    const muxer = await hotMuxer({ ringBytes: SMALL_RING, targets, ...configuration });
    return new LineWriting(muxer, await indexer.hot(0));
  }

  /** A writer whose entries have the time 7, unless the options say otherwise. */
  writer(options: Partial<LineWriterOptions> = {}): LineWriter {
    return this.muxer.lineWriter({ ...FIXED, ...options });
  }

  /** What has arrived since the last call, once all that was written is confirmed. */
  async arrived(): Promise<Arrival[]> {
    await this.muxer.sync();
    const all = this.connection.arrivalsFrom(this.#compared);
    this.#compared += all.length;
    return all;
  }

  /** Compares what has arrived since the last call. */
  async expect(entries: readonly EntryInput[]): Promise<void> {
    expectArrivals(await this.arrived(), expectedArrivals(entries));
  }

  /** The same, for entries with the time 7. */
  async expectLines(lines: readonly (string | Uint8Array)[]): Promise<void> {
    await this.expect(lines.map((data) => ({ ...FIXED, data })));
  }
}

/** Writes chunks, and changes each of them afterwards: a writer must have copied it. */
export async function writeChunks(
  writer: LineWriter,
  chunks: Iterable<Uint8Array>,
  ends = true,
): Promise<void> {
  const waits: (Promise<void> | undefined)[] = [];
  for (const chunk of chunks) {
    const given = Buffer.from(chunk);
    waits.push(writer.write(given));
    given.fill(0xee);
  }
  if (ends) waits.push(writer.end());
  await Promise.all(waits);
}
