import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Indexer } from '@ringest/indexer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packPackages } from '../../support/packed.js';
import { nodeOf, RELEASES, run } from './empty-project.js';

/** What those who use the adapters have besides. */
const BESIDES = [
  'pino',
  'winston',
  'winston-transport',
  'prom-client',
  '@opentelemetry/api',
  'kafkajs',
];
const INSTALL_MS = 600_000;

/** Loads each face of each package, once by `import` and once by `require`. */
const LOADS_ALL = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { createRequire } from 'node:module';
  const require = createRequire(import.meta.url);
  const folder = new URL('node_modules/', import.meta.url);
  const names = ['ringest', ...readdirSync(new URL('@ringest/', folder)).map((name) => '@ringest/' + name)];
  const faces = [];
  for (const name of names) {
    const { exports } = JSON.parse(readFileSync(new URL(name + '/package.json', folder)));
    for (const face of Object.keys(exports)) faces.push(name + face.slice(1));
  }
  const loaded = [];
  for (const face of faces) {
    const required = require(face);
    if (!face.endsWith('.json')) {
      const names = Object.keys(await import(face));
      if (names.length === 0 || typeof required !== 'object') throw new Error(face + ' is empty');
    }
    loaded.push(face);
  }
  console.log(JSON.stringify({ names, loaded }));
`;

let root: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ringest-every-'));
  const tarballs = await packPackages(mkdtempSync(join(root, 'packed-')));
  writeFileSync(join(root, 'package.json'), '{ "private": true, "type": "module" }\n');
  const install = ['npm', 'i', '--prefer-offline', '--no-audit', '--no-fund'] as const;
  await run([...install, ...tarballs, ...BESIDES], root);
  writeFileSync(join(root, 'load-all.mjs'), LOADS_ALL);
}, INSTALL_MS);

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each(RELEASES)('every package, installed, under Node.js %s', (release) => {
  it('loads each of its faces, by import and by require', async () => {
    const { stdout } = await run([await nodeOf(release), '--no-warnings', 'load-all.mjs'], root);
    const { names, loaded } = JSON.parse(stdout);
    expect(names).toEqual(
      expect.arrayContaining([
        'ringest',
        '@ringest/kafka',
        '@ringest/nats',
        '@ringest/relay',
        '@ringest/winston',
      ]),
    );
    expect(loaded.length).toBeGreaterThan(names.length);
  });

  it('has the command ringest, which ships a file', async () => {
    await using indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
    const address = (await indexer.listen()).replace('tcp://', '');
    writeFileSync(join(root, 'some.log'), 'one\ntwo\nthree\n');
    const flags = ['--tag', 'test', '--ingest-secret', 'IngestSecrets', '--clear-conns', address];
    const ringest = join(root, 'node_modules/ringest/dist/cli.js');
    await run([await nodeOf(release), ringest, 'ship', ...flags, 'some.log'], root);
    expect(indexer.stats().tags).toMatchObject({ test: 3 });
  });
});
