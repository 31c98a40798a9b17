// A muxer that is hot and has nothing to do. Argument: the address of the indexer.
// Prints the processor time that this process took, in milliseconds, and over how many.
import { setTimeout as delay } from 'node:timers/promises';
import { IngestMuxer } from '@ringest/core';

const SETTLE_MS = 500;
const IDLE_MS = 3000;

const [address] = process.argv.slice(2);
const muxer = new IngestMuxer({ targets: [address], secret: 'IngestSecrets', tags: ['test'] });
muxer.start();
await muxer.waitForHot({ timeout: 10_000 });
for (let i = 0; i < 1000; i++) muxer.writeEntry({ timestamp: i, tag: 0, data: 'not always idle' });
await muxer.sync();
await delay(SETTLE_MS);
const before = process.cpuUsage();
const start = performance.now();
await delay(IDLE_MS);
const { user, system } = process.cpuUsage(before);
const elapsedMs = performance.now() - start;
const hot = muxer.hot();
await muxer.close();
console.log(JSON.stringify({ cpuMs: (user + system) / 1000, elapsedMs, hot }));
