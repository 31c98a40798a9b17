import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IngestMuxer } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { newMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const ENTRY = { timestamp: 0, tag: 0, data: 'an entry' };

/** Makes a muxer while the process is in a folder, and leaves the folder before anything starts. */
function madeIn(folder: string, configuration: Parameters<typeof newMuxer>[0]): IngestMuxer {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return newMuxer(configuration);
  } finally {
    process.chdir(before);
  }
}

describe('a relative path means what it meant when the muxer was made', () => {
  it('for a pipe, which errors and events name as it was given', async () => {
    const folder = temporaryDirectory();
    const path = join(folder, 'indexer.sock');
    const indexer = await ScriptedIndexer.listen({ path, confirms: 'at once' });
    const muxer = madeIn(folder, { targets: ['pipe://indexer.sock'] });
    const hot = new Promise<string>((resolve) => muxer.once('hot', resolve));
    muxer.start();
    muxer.writeEntry(ENTRY);
    await muxer.sync({ timeout: 45_000 });
    const source = '::1';
    expectArrivals((await indexer.hot(0)).arrivals, [expectedArrival({ ...ENTRY, source })]);
    expect(await hot).toBe('pipe://indexer.sock');
  });

  it('for the folder of a cache, its lock and its segments', async () => {
    const folder = temporaryDirectory();
    const cache = { path: 'cache', mode: 'journal' } as const;
    const muxer = madeIn(folder, { targets: ['tcp://127.0.0.1:1'], cache });
    muxer.start();
    await muxer.writeEntry(ENTRY);
    await muxer.close();
    const files = readdirSync(join(folder, 'cache'));
    expect(files).toContain('lock');
    expect(files.some((name) => name.endsWith('.segment'))).toBe(true);
    expect(existsSync('cache')).toBe(false);
  });

  it('and a pipe is refused when it is too long with the folder before it', () => {
    const folder = temporaryDirectory();
    const name = 'x'.repeat(100);
    expect(() => madeIn(folder, { targets: [`pipe://${name}`] })).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIGURATION',
        field: 'targets.0',
        message: expect.stringContaining('with the working directory'),
      }),
    );
  });
});
