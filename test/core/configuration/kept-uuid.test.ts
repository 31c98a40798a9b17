import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MuxerConfiguration } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { hotMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const UUID = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

/** The UUID by which an indexer knows a muxer with these options, which is closed then. */
async function introduced(options: Partial<MuxerConfiguration>): Promise<string | undefined> {
  const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
  const muxer = await hotMuxer({
    targets: [indexer.address],
    // The lock of a cache is given back at the end.
    closeTimeout: 45_000,
    ...options,
  });
  const { identity } = await indexer.hot(0);
  await muxer.close();
  return identity?.uuid;
}

describe('a UUID that is kept in a file', () => {
  it('is made once, and the same at each start', async () => {
    const folder = temporaryDirectory();
    const uuid = { file: join(folder, 'id') };
    const first = await introduced({ uuid });
    expect(readFileSync(uuid.file, 'utf8')).toBe(`${first}\n`);
    expect(await introduced({ uuid })).toBe(first);
    expect(readdirSync(folder)).toEqual(['id']);
  });

  it('may be written by somebody else', async () => {
    const file = join(temporaryDirectory(), 'id');
    writeFileSync(file, `  ${UUID}\r\n`);
    expect(await introduced({ uuid: { file } })).toBe(UUID);
  });

  it('may be in the folder of the cache, which is made for it', async () => {
    const path = join(temporaryDirectory(), 'a', 'cache');
    const options = { uuid: 'cache', cache: { path } } as const;
    const first = await introduced(options);
    expect(readFileSync(join(path, 'uuid'), 'utf8')).toBe(`${first}\n`);
    expect(await introduced(options)).toBe(first);
  });
});
