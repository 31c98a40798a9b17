import { encodeConfirmDittoBlock, encodeDittoBlock, encodeForceAck } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { blockOf, textsOf } from '../support/dittos.js';
import { encodeFrame, IngesterClient } from '../support/ingester-client.js';
import { lightChallenges } from '../support/light-challenges.js';
import { SECRET } from '../support/muxer.js';
import { startRelay } from '../support/relaying.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';

describe('ditto blocks that arrive together', () => {
  /** A client of a relay, and ditto blocks with its tag. */
  async function start(maxDittoBytes?: number) {
    lightChallenges();
    const indexer = await ScriptedIndexer.listen({ dittoResult: undefined, confirms: 'at once' });
    const { address } = await startRelay({
      muxer: { targets: [indexer.address] },
      ...(maxDittoBytes !== undefined && { maxDittoBytes }),
    });
    const { client, tags } = await IngesterClient.hot(address, SECRET, ['test']);
    const tag = tags.get('test') as number;
    const frame = (data: string) => encodeFrame(1, { timestamp: 1, tag, data });
    const block = (...data: string[]) =>
      Buffer.concat([encodeDittoBlock(data.length), ...data.map(frame)]);
    return { client, block, frame, upstream: await indexer.hot(0) };
  }

  it('are sent on one by one, also when the last of them is not whole yet', async () => {
    const { client, block, frame, upstream } = await start();
    const rest = [
      block('a'),
      block('b', 'c'),
      block(),
      block('d'),
      encodeDittoBlock(2),
      frame('e'),
    ];
    client.write(Buffer.concat(rest));
    for (const [number, texts] of [['a'], ['b', 'c'], ['d']].entries()) {
      expect(textsOf(await blockOf(upstream, number, texts.length))).toEqual(texts);
      expect(upstream.dittos).toHaveLength(number + 1);
      upstream.write(encodeConfirmDittoBlock(0));
    }
    client.write(Buffer.concat([frame('f'), frame('g'), encodeForceAck()]));
    expect(textsOf(await blockOf(upstream, 3, 2))).toEqual(['e', 'f']);
    upstream.write(encodeConfirmDittoBlock(0));
    for (let i = 0; i < 5; i++) {
      expect(await client.expect('confirmDittoBlock')).toMatchObject({ result: 0 });
    }
    await client.expect('confirmEntry');
    expect(textsOf(upstream.frames)).toEqual(['g']);
  });

  it('are refused each by itself', async () => {
    const { client, block, upstream } = await start(200);
    client.write(Buffer.concat([block('a'), block('b'), block('c'.repeat(200)), block('d')]));
    for (const [number, result] of [0, 7, 0].entries()) {
      await blockOf(upstream, number, 1);
      upstream.write(encodeConfirmDittoBlock(result));
    }
    const results: number[] = [];
    for (let i = 0; i < 4; i++) results.push((await client.expect('confirmDittoBlock')).result);
    expect(results).toEqual([0, 1, 1, 0]);
    expect(upstream.dittos.map(textsOf)).toEqual([['a'], ['b'], ['d']]);
  });
});
