import { describe, expect, it } from 'vitest';
import { cachedData, unusedAddress } from '../../support/caching.js';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { NodeProcess, support } from '../../support/node-process.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

function ingester(address: string, what: string, options: object = {}): NodeProcess {
  return new NodeProcess(support('unref-ingester.mjs'), [address, what, JSON.stringify(options)]);
}

/** What Node.js ends with when a promise that is waited for can never be settled. */
const UNSETTLED = 13;

describe('a process whose muxer does not keep it alive ends by itself', () => {
  it('while the muxer is connected', async () => {
    const indexer = await CollectingIndexer.start();
    const run = ingester(indexer.address, 'hot');
    expect(await run.end(), run.stderr).toBe(0);
  });

  it('while the muxer only tries to connect', async () => {
    const { address } = await unusedAddress();
    const run = ingester(address, 'connecting', { times: { firstRetry: 1, mostRetry: 1 } });
    expect(await run.end(), run.stderr).toBe(0);
  });

  it('while the muxer has a cache, which keeps what was stored', async () => {
    const { address } = await unusedAddress();
    const path = temporaryDirectory();
    const run = ingester(address, 'journal', { cache: { path, mode: 'journal' } });
    expect(await run.end(), run.stderr).toBe(0);
    expect((await cachedData(path)).sort()).toEqual(
      Array.from({ length: 100 }, (_, i) => `entry ${i}`).sort(),
    );
  });

  it('while a promise of the muxer is open', async () => {
    const indexer = await ScriptedIndexer.listen();
    const run = ingester(indexer.address, 'wait in vain');
    expect(await run.end(), run.stderr).toBe(UNSETTLED);
  });

  it.each(['close before the end', 'close, then unref'])(
    'but not while it closes: %s',
    async (what) => {
      const indexer = await CollectingIndexer.start();
      const run = ingester(indexer.address, what);
      expect(await run.end(), run.stderr).toBe(0);
      expect(run.lastJson()).toEqual({ unconfirmed: 0, cached: 0 });
      expect(indexer.received).toHaveLength(1000);
    },
  );
});

it('a muxer that is to keep the process alive again does', async () => {
  const indexer = await CollectingIndexer.start();
  const run = ingester(indexer.address, 'ref');
  await run.says('stdout', /kept/);
  await indexer.indexer.close();
  // A process that had ended would say nothing of it.
  await run.says('stdout', /lost/);
  expect(await run.end('SIGTERM')).toBe(null);
  expect(run.stdout).not.toContain('the end');
});
