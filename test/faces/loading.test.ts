import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { MuxerConfiguration } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { NodeProcess, RINGEST } from '../support/node-process.js';
import { shipFlags } from '../support/shipping.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const SCRIPT = fileURLToPath(new URL('loaded-files.mjs', import.meta.url));

/** The files of the cache's package that the main thread of a process has loaded once its muxer is started. */
function loadedBy(cache: Partial<MuxerConfiguration>): string[] {
  const configuration = { targets: ['tcp://127.0.0.1:1'], secret: 'x', closeTimeout: 1, ...cache };
  const argv = [SCRIPT, JSON.stringify(configuration)];
  const files: string[] = JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' }));
  return files.flatMap((file) => file.split('/packages/cache/dist/')[1] ?? []).sort();
}

describe('of the package of the cache', () => {
  it('a muxer without a cache loads only errors and the values of options', () => {
    expect(loadedBy({})).toEqual(['errors.js', 'settings.js']);
  });

  it('a muxer with a cache loads what its main thread needs, and not what the thread of the cache does', () => {
    const files = loadedBy({ cache: { path: temporaryDirectory() } });
    expect(files).toContain('main/cache-link.js');
    expect(files.filter((file) => /^(log|format|worker|dump)\//.test(file))).toEqual([]);
  });
});

it('a command of ringest loads what measures, or a muxer, only when it runs that', async () => {
  const hook = new URL('loaded-at-exit.mjs', import.meta.url).href;
  const run = new NodeProcess(RINGEST, ['load', '--help'], ['--import', hook]);
  expect(await run.end()).toBe(0);
  const files: string[] = JSON.parse(run.stderr);
  const loaded = (path: string) => files.filter((file) => file.includes(path));
  expect(loaded('/bench/dist/load/load-options.js')).toHaveLength(1);
  for (const path of ['/bench/dist/load/load-run.js', '/packages/core/', '/packages/workers/']) {
    expect(loaded(path)).toEqual([]);
  }
  expect(loaded('/packages/indexer/dist/indexer.js')).toEqual([]);
});

it('ringest ship loads clients of queues only when it is told of a queue', async () => {
  const hook = new URL('loaded-at-exit.mjs', import.meta.url).href;
  const indexer = await CollectingIndexer.start();
  const loadedBy = async (flags: readonly string[]): Promise<string[]> => {
    const run = new NodeProcess(RINGEST, flags, ['--import', hook]);
    await run.end();
    const files: string[] = JSON.parse(run.stderr.trimEnd().split('\n').at(-1) ?? '');
    return ['kafkajs', '@nats-io'].filter((name) =>
      files.some((file) => file.includes(`/node_modules/${name}/`)),
    );
  };
  const to = (url: string) => ['ship', '--tag', 'test', '--timeout', '1ms', '--to', url];
  expect(await loadedBy(shipFlags(indexer.address))).toEqual([]);
  expect(await loadedBy(to('kafka://127.0.0.1:1/events'))).toEqual(['kafkajs']);
  expect(await loadedBy(to('nats://127.0.0.1:1'))).toEqual(['@nats-io']);
});
