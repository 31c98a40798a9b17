import { IngestMuxer, RingestError } from '@ringest/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SECRET } from '../../support/muxer.js';

describe('a timeout that is no time', () => {
  let muxer: IngestMuxer;

  beforeAll(() => {
    const targets = ['tcp://127.0.0.1:1'];
    const more = { selfIngest: false, closeTimeout: 20 };
    muxer = new IngestMuxer({ targets, secret: SECRET, tags: ['test'], ...more });
    muxer.start();
  });

  afterAll(async () => {
    await muxer.close();
  });

  it.each([0, -1, 0.5, Number.NaN, '10', null])('as %s is refused at once', async (given) => {
    const options = { timeout: given as number };
    const entry = { timestamp: 0, tag: 0, data: '' };
    const calls: (() => unknown)[] = [
      () => muxer.writeEntry(entry, options),
      () => muxer.writeBatch([entry], options),
      () => muxer.write(0, 0, '', options),
      () => muxer.sync(options),
      () => muxer.barrier(options),
      () => muxer.waitForHot(options),
    ];
    for (const call of calls) {
      const error = await (async () => call())().catch((reason) => reason);
      expect(error).toBeInstanceOf(RingestError);
      expect(error).toMatchObject({ code: 'ERR_INVALID_TIMEOUT', timeout: given });
    }
    expect(muxer.stats()).toMatchObject({ writtenEntries: 0, backlogEntries: 0 });
  });
});
