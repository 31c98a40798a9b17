import { encodeForceAck } from '@ringest/codec';
import { Indexer, type IndexerOptions } from '@ringest/indexer';
import { expect, it, onTestFinished } from 'vitest';
import { encodeFrame, IngesterClient } from '../../support/ingester-client.js';
import { SECRET } from '../../support/muxer.js';

// Times that an embedded indexer keeps on a machine that is not too busy, in milliseconds.

/** How late a machine may be. */
const TOLERANCE = 500;

async function connectHot(options: Partial<IndexerOptions>) {
  const indexer = new Indexer({ listen: '127.0.0.1:0', secret: SECRET, ...options });
  onTestFinished(() => indexer.close());
  const address = await indexer.listen();
  const { client, tags } = await IngesterClient.hot(address, SECRET, ['test']);
  onTestFinished(() => client.destroy());
  const tag = tags.get('test') as number;
  const frame = (id: number, bytes: number) =>
    encodeFrame(id, { timestamp: 0, tag, data: Buffer.alloc(bytes) });
  return { address, client, frame };
}

async function elapsed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

it('a delay of confirmations is met', async () => {
  const { client, frame } = await connectHot({ ackDelay: 300 });
  const took = await elapsed(() => {
    client.write(Buffer.concat([frame(1, 10), encodeForceAck()]));
    return client.expect('confirmEntry');
  });
  expect(took).toBeGreaterThanOrEqual(300);
  expect(took).toBeLessThan(300 + TOLERANCE);
});

it('a rate of reading is met', async () => {
  const { client, frame } = await connectHot({ readRate: 1_000_000 });
  const took = await elapsed(() => {
    for (let id = 1; id <= 1500; id++) client.write(frame(id, 1954));
    client.socket.end();
    return client.confirmedUntilEnd();
  });
  // The last chunk is read without having been paid for.
  expect(took).toBeGreaterThan(2800);
  expect(took).toBeLessThan(3000 + TOLERANCE);
});

it('an ingester that says nothing is turned away after five seconds', async () => {
  const { address } = await connectHot({});
  const silent = await IngesterClient.connect(address);
  onTestFinished(() => silent.destroy());
  const took = await elapsed(() => silent.confirmedUntilEnd());
  expect(took).toBeGreaterThan(4900);
  expect(took).toBeLessThan(5000 + TOLERANCE);
});
