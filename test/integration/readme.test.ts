import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Indexer } from '@ringest/indexer';
import { expect, it } from 'vitest';
import { README_TAGS, readmeIngester } from '../support/readme.js';

const run = promisify(execFile);

it("the README's ingester delivers all of its entries", async () => {
  await using indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
  const script = readmeIngester(await indexer.listen());
  // From here, so that the packages are found.
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { stderr } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    cwd,
  });
  expect(stderr).toBe('');
  expect(indexer.stats().tags).toEqual(README_TAGS);
  expect(indexer.stats().connections).toBe(1);
});
