import { randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { DiskTask } from './disk-probe.js';

/** Appends blocks to a new file as fast as the disk takes them; tells bytes a second. */
const { path, blockBytes, syncEveryMs, duration } = workerData as DiskTask;
const block = randomBytes(blockBytes);
const fd = openSync(path, 'wx');
try {
  const start = performance.now();
  let lastSync = start;
  let blocks = 0;
  for (let now = start; now - start < duration; now = performance.now()) {
    for (let done = 0; done < blockBytes; ) done += writeSync(fd, block, done);
    blocks++;
    if (now - lastSync < syncEveryMs) continue;
    fdatasyncSync(fd);
    lastSync = performance.now();
  }
  fdatasyncSync(fd);
  const seconds = (performance.now() - start) / 1000;
  parentPort?.postMessage((blocks * blockBytes) / seconds);
} finally {
  closeSync(fd);
  unlinkSync(path);
}
