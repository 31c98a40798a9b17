import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Indexer } from '@ringest/indexer';
import { expect, it } from 'vitest';
import { NodeProcess } from '../support/node-process.js';
import { projectFolder } from '../support/project-folder.js';
import { README_TAGS } from '../support/readme.js';

const GUIDE = readFileSync(new URL('../../docs/getting-started.md', import.meta.url), 'utf8');
const PACKAGES = new URL('../node_modules', import.meta.url);

/** Starts a program of the guide, as it is there but for the indexer and the folder of the cache. */
function start(name: 'ingester.mjs' | 'ticks.mjs', address: string): NodeProcess {
  const [, program = ''] = GUIDE.split(`\`${name}\``)[1]?.match(/```js\n(.*?)```/s) ?? [];
  const folder = projectFolder(PACKAGES);
  const file = join(folder, name);
  writeFileSync(
    file,
    program
      .replace('tcp://127.0.0.1:4023', address)
      .replace("'./cache'", JSON.stringify(join(folder, 'cache'))),
  );
  return new NodeProcess(pathToFileURL(file), []);
}

it('the ingester of the guide delivers all of its entries, and says so', async () => {
  await using indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
  const ingester = start('ingester.mjs', await indexer.listen());
  expect(await ingester.end(), ingester.stderr).toBe(0);
  expect(GUIDE).toContain(`\n${ingester.stdout}`);
  expect(indexer.stats().tags).toEqual(README_TAGS);
});

it('the ingester with a journal stores, delivers, and ends with nothing left', async () => {
  await using indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
  const ingester = start('ticks.mjs', await indexer.listen());
  await ingester.says('stdout', /connected to tcp/);
  await ingester.says('stdout', /tick \d+ is on disk; [1-9]\d* confirmed/);
  expect(await ingester.end('SIGINT'), ingester.stderr).toBe(0);
  expect(ingester.stdout).toMatch(/\{ unconfirmed: 0, cached: 0 \}\n$/);
  expect(indexer.stats().tags).toHaveProperty('syslog');
});
