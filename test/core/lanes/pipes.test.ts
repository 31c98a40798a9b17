import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionError } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { hotMuxer, newMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const socketPath = () => join(temporaryDirectory(), 'indexer.sock');
const entry = { timestamp: 0, tag: 0, data: 'an entry' };

describe('a pipe', () => {
  it('carries entries, whose source is ::1', async () => {
    const indexer = await ScriptedIndexer.listen({ path: socketPath(), confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address] });
    expect(muxer.sourceIP()).toBe('::1');
    muxer.writeEntry(entry);
    muxer.writeEntry({ ...entry, source: '10.1.2.3' });
    await muxer.sync();
    const connection = await indexer.hot(0);
    const local = { ...entry, source: '::1' };
    const given = { ...entry, source: '10.1.2.3' };
    expectArrivals(connection.arrivals, [expectedArrival(local), expectedArrival(given)]);
    expect(connection.states.at(-1)?.ip).toBe('::1');
  });

  it('that is gone and comes back carries what was not confirmed', async () => {
    const path = socketPath();
    const first = await ScriptedIndexer.listen({ path });
    const muxer = await hotMuxer({ targets: [first.address] });
    muxer.writeEntry(entry);
    await (await first.hot(0)).entries(1);
    const lost = once(muxer, 'lost');
    await first.close();
    await lost;
    const second = await ScriptedIndexer.listen({ path, confirms: 'at once' });
    await muxer.sync();
    expect((await second.hot(0)).frames).toHaveLength(1);
  });

  it('to nowhere, or to a file that is no socket, is a connection that fails and is tried again', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'a file');
    writeFileSync(file, '');
    for (const path of [join(directory, 'nothing'), file]) {
      const muxer = newMuxer({ targets: [`pipe://${path}`] });
      const losses: ConnectionError[] = [];
      const twice = new Promise<void>((resolve) => {
        muxer.on('lost', (error) => {
          if (losses.push(error) === 2) resolve();
        });
      });
      muxer.start();
      await twice;
      expect(losses[0]).toMatchObject({ reason: 'dial', target: `pipe://${path}` });
      expect(losses[0]?.message).toContain(path);
    }
  });
});
