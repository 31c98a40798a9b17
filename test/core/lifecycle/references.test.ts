import { Indexer } from '@ringest/indexer';
import { describe, expect, it } from 'vitest';
import { NodeProcess, support } from '../../support/node-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const SCRIPT = support('unreferenced-ingester.mjs');
const listening = async () => {
  const indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
  return { indexer, address: await indexer.listen() };
};

describe('a muxer that does not keep its process alive', () => {
  it.each(['', 'a cache'])('lets it end while it is hot: %s', async (cache) => {
    const { indexer, address } = await listening();
    await using _ = indexer;
    const folder = cache && temporaryDirectory();
    const ingester = new NodeProcess(SCRIPT, [address, folder, 'nothing']);
    expect(await ingester.end(), ingester.stderr).toBe(0);
    expect(ingester.stdout).toBe('running\n');
  });

  it('lets it end while it tries to connect', async () => {
    const ingester = new NodeProcess(SCRIPT, ['tcp://127.0.0.1:1', '', 'before start']);
    expect(await ingester.end(), ingester.stderr).toBe(0);
    expect(ingester.stdout).toBe('running\n');
  });

  it.each(['', 'a cache'])(
    'can be closed in beforeExit, and nothing is lost: %s',
    async (cache) => {
      const { indexer, address } = await listening();
      await using _ = indexer;
      const folder = cache && temporaryDirectory();
      const ingester = new NodeProcess(SCRIPT, [address, folder, 'beforeExit']);
      expect(await ingester.end(), ingester.stderr).toBe(0);
      expect(ingester.lastJson()).toEqual({ unconfirmed: 0, cached: 0 });
      expect(indexer.stats().tags).toEqual({ test: 1 });
    },
  );

  it('keeps it alive again after ref', async () => {
    const { indexer, address } = await listening();
    await using _ = indexer;
    const ingester = new NodeProcess(SCRIPT, [address, '', 'ref']);
    await ingester.says('stdout', /turn 20\n/);
    expect(await ingester.end('SIGTERM')).toBe(null);
  });
});
