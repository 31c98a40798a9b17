import { RingestError } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { newMuxer } from '../support/muxer.js';

describe('a timeout that is no time', () => {
  it.each([0, -1, 0.5, Number.NaN, '10', null])('as %s is refused at once', async (given) => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    muxer.start();
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
