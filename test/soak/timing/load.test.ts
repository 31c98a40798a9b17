import { expect, it, onTestFinished } from 'vitest';
import { loadHere } from '../../support/load-here.js';
import { LOAD, NodeProcess, startIndexer } from '../../support/node-process.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

// Times that a load keeps on a machine that is not too busy.

/** Nobody listens there: the port is privileged. */
const CLOSED = '127.0.0.1:1';

/** How many milliseconds a load took that failed, with its start. */
async function failedAfter(...flags: string[]): Promise<number> {
  const start = performance.now();
  expect(await new NodeProcess(LOAD, flags).end()).toBe(1);
  return performance.now() - start;
}

it('a load writes for as long as it is told, and not much longer', async () => {
  const { seconds } = await loadHere<{ seconds: number }>('--duration', '2s', '--batch', '1024');
  expect(seconds).toBeGreaterThanOrEqual(2);
  expect(seconds).toBeLessThan(4);
});

it('a load that reaches nobody gives up when its time is over', async () => {
  const took = await failedAfter('--clear-conns', CLOSED, '--timeout', '1500ms');
  expect(took).toBeGreaterThan(1500);
  expect(took).toBeLessThan(6000);
});

it('a load whose secret is refused gives up at once', async () => {
  const { address } = await startIndexer('--listen', '127.0.0.1:0');
  const flags = ['--clear-conns', address, '--ingest-secret', 'another'];
  expect(await failedAfter(...flags)).toBeLessThan(5000);
});

it('a load that is interrupted on a slow indexer ends soon', async () => {
  const indexer = await ScriptedIndexer.listen();
  const flags = ['--clear-conns', `127.0.0.1:${indexer.port}`, '--ring-bytes', '65536'];
  const run = new NodeProcess(LOAD, flags);
  const connection = await indexer.hot(0);
  const confirm = () => connection.confirmThrough(connection.frames.length);
  const timer = setInterval(confirm, 100);
  onTestFinished(() => clearInterval(timer));
  await connection.entries(1000);
  const start = performance.now();
  expect(await run.end('SIGINT')).toBe(0);
  expect(performance.now() - start).toBeLessThan(2500);
});
