import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { expect, it, onTestFinished } from 'vitest';
import { hotMuxer } from '../../support/muxer.js';
import { numbersOf, range } from '../../support/producer-thread.js';
import { Receiver } from '../../support/receiver.js';
import { until } from '../../support/waiting.js';

it('tasks of a Piscina pool write by handles that they get as arguments', async () => {
  const indexer = await Receiver.start();
  const muxer = await hotMuxer({ targets: [indexer.address] });
  const filename = fileURLToPath(new URL('../../support/producer-task.mjs', import.meta.url));
  const pool = new Piscina({ filename, minThreads: 2, maxThreads: 2 });
  onTestFinished(() => pool.destroy());
  const tasks = range(0, 4).map((task) => {
    const handle = muxer.producer();
    return pool.run({ handle, from: 500 * task, count: 500 }, { transferList: [handle.port] });
  });
  expect(await Promise.all(tasks)).toEqual([500, 500, 500, 500]);
  expect(numbersOf(indexer.received).sort((a, b) => a - b)).toEqual(range(0, 2000));
  await until('the end of all producers', () => muxer.stats().producers === 0);
});
