import { randomFillSync } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { alignedMemory, NodeDisk, writeFully } from '@ringest/cache/internal';
import type { DiskRun, DiskTask } from './disk-probe.js';

/** Appends blocks to a new file as fast as the disk takes them. */
const { path, isDirect, blockBytes, syncEveryMs, duration } = workerData as DiskTask;
const block = alignedMemory(blockBytes);
randomFillSync(block);
const disk = new NodeDisk(path, { isDirect });
const file = disk.create('segments', 'probe');
try {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  let lastSync = start;
  let bytes = 0;
  for (let now = start; now - start < duration; now = performance.now()) {
    writeFully(file, block, bytes);
    bytes += blockBytes;
    if (now - lastSync < syncEveryMs) continue;
    file.sync();
    lastSync = performance.now();
  }
  file.sync();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuSeconds = (user + system) / 1e6;
  const run: DiskRun = { bytesPerSecond: bytes / seconds, cpuSecondsPerByte: cpuSeconds / bytes };
  parentPort?.postMessage(run);
} finally {
  file.close();
  disk.remove('segments', 'probe');
}
