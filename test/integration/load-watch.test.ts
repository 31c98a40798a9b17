import { expect, it } from 'vitest';
import { LOAD, NodeProcess } from '../support/node-process.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';

it('a load whose indexer confirms nothing any more ends, and says so', async () => {
  const indexer = await ScriptedIndexer.listen();
  const run = new NodeProcess(LOAD, [
    ...['--clear-conns', `127.0.0.1:${indexer.port}`, '--ring-bytes', '65536'],
    ...['--timeout', '3s', '--entry-count', '100000', '--json'],
  ]);
  const connection = await indexer.hot(0);
  await connection.entries(100);
  connection.confirmThrough(50);
  expect(await run.end()).toBe(1);
  expect(run.stderr).toContain('nothing was confirmed for 3000 ms');
});
