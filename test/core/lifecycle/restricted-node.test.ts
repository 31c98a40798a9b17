import { fileURLToPath } from 'node:url';
import { Indexer } from '@ringest/indexer';
import { describe, expect, it } from 'vitest';
import { NodeProcess, support } from '../../support/node-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const PERMISSION = [
  process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission',
  `--allow-fs-read=${REPOSITORY}`,
];

/** How an ingester ends under flags of Node.js. */
async function under(flags: readonly string[], options: object = {}) {
  await using indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
  const args = [await indexer.listen(), JSON.stringify(options)];
  const ingester = new NodeProcess(support('restricted-ingester.mjs'), args, flags);
  expect(await ingester.end(), ingester.stderr).toBe(0);
  return ingester.lastJson();
}

describe('under the permission model of Node.js', () => {
  it('a muxer works that may read its packages and start threads', async () => {
    expect(await under([...PERMISSION, '--allow-worker'])).toEqual({ isConfirmed: true });
  });

  it('a muxer that may start no threads says so', async () => {
    const { code, message } = await under(PERMISSION);
    expect(code).toBe('ERR_CONNECTION');
    expect(message).toMatch(/worker/i);
  });

  it('a cache is refused, with the reason', async () => {
    const cache = { path: temporaryDirectory() };
    expect(await under([...PERMISSION, '--allow-worker'], { cache })).toMatchObject({
      code: 'ERR_CACHE_OPEN',
      trouble: 'permission-model',
      message: expect.stringContaining('--permission'),
    });
  });
});

describe('with --no-addons', () => {
  it('a muxer works', async () => {
    expect(await under(['--no-addons'])).toEqual({ isConfirmed: true });
  });

  it('compression says which libraries it needs', async () => {
    const { code, message } = await under(['--no-addons'], { compression: 'snappy' });
    expect(code).toBe('ERR_CONNECTION');
    expect(message).toContain('--no-addons');
  });

  it('a cache says which library it needs', async () => {
    const cache = { path: temporaryDirectory() };
    expect(await under(['--no-addons'], { cache })).toMatchObject({
      code: 'ERR_CACHE_OPEN',
      trouble: 'no-addon',
    });
  });
});

it.each(['--disable-proto=delete', '--disallow-code-generation-from-strings'])(
  'with %s, a muxer works',
  async (flag) => {
    expect(await under([flag])).toEqual({ isConfirmed: true });
  },
);
