import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeFrame, IngesterClient } from '../../support/ingester-client.js';
import { startIndexer } from '../../support/node-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { dataOf } from './stored.js';

const SECRET = 'IngestSecrets';
const ENTRIES = 20_000;

/** Sends entries to an indexer, and kills it after some confirmations. Returns the ids that were confirmed. */
async function killedAt(path: string, confirmations: number, first: number): Promise<number[]> {
  const { indexer, address } = await startIndexer('--listen', '127.0.0.1:0', '--store', path);
  const { client, tags } = await IngesterClient.hot(`tcp://${address}`, SECRET, ['test']);
  const tag = tags.get('test') as number;
  const frames = Array.from({ length: ENTRIES }, (_, i) =>
    encodeFrame(i + 1, { timestamp: 1, tag, data: `${first + i + 1} `.padEnd(100, '.') }),
  );
  client.write(Buffer.concat(frames));
  const confirmed: number[] = [];
  for (let message = await client.next(); message !== undefined; message = await client.next()) {
    if (message.kind !== 'confirmEntry') continue;
    confirmed.push(first + message.id);
    if (confirmed.length === confirmations) indexer.kill('SIGKILL');
  }
  await indexer.end();
  return confirmed;
}

describe('an indexer that is killed while it stores', () => {
  it('has stored every entry that it has confirmed, and goes on', async () => {
    const path = join(temporaryDirectory(), 'new');
    const confirmed: number[] = [];
    for (const [round, confirmations] of [1, 12_000].entries()) {
      confirmed.push(...(await killedAt(path, confirmations, round * ENTRIES)));
      const stored = new Set((await dataOf(path)).map((data) => Number.parseInt(data, 10)));
      expect(confirmed.filter((id) => !stored.has(id))).toEqual([]);
    }
    const { indexer } = await startIndexer('--listen', '127.0.0.1:0', '--store', path);
    expect(await indexer.end('SIGTERM')).toBe(0);
    expect(indexer.lastJson()).toMatchObject({ store: { segments: 2, damaged: 0 } });
  });
});
