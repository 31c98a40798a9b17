import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Indexer } from '@ringest/indexer';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it("the README's ingester delivers all of its entries", async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, code = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  expect(code).toContain('IngestMuxer');
  await using indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
  const address = await indexer.listen();
  const script = code.replace('tcp://127.0.0.1:4023', address);
  // From here, so that the packages are found.
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { stderr } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    cwd,
  });
  expect(stderr).toBe('');
  // Beside them, its own log says that it is hot.
  expect(indexer.stats().tags).toEqual({ syslog: 100_000, gravwell: 1 });
  expect(indexer.stats().connections).toBe(1);
});
