// Ships files by several threads, one file a task: `node pool.js /var/log/syslog.*.gz`.
import { availableParallelism } from 'node:os';
import { IngestMuxer } from '@ringest/core';
import { Piscina } from 'piscina';

const paths = process.argv.slice(2);
if (paths.length === 0) throw new Error('give the paths of files');
const { INGEST_TARGET = 'tcp://127.0.0.1:4023', INGEST_SECRET = 'IngestSecrets' } = process.env;

const muxer = new IngestMuxer({ targets: [INGEST_TARGET], secret: INGEST_SECRET, tags: ['file'] });
muxer.on('error', (error) => console.error(error.message));
muxer.start();

const pool = new Piscina({
  filename: new URL('./ship-file.js', import.meta.url).href,
  maxThreads: Math.min(paths.length, availableParallelism()),
});
const shipped = paths.map(async (path) => {
  // A handle belongs to one task. Its port moves to the thread.
  const handle = muxer.producer();
  try {
    const lines = await pool.run({ handle, path }, { transferList: [handle.port] });
    console.log(`${path}: ${lines} lines`);
  } catch (error) {
    console.error(`${path}: ${error.message}`);
    process.exitCode = 1;
  }
});
await Promise.all(shipped);
await pool.destroy();
const { unconfirmed } = await muxer.close();
console.log(`${unconfirmed} lines not confirmed`);
