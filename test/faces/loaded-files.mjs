import { IngestMuxer } from '@ringest/core';
import { listLoaded } from './list-loaded.mjs';

/** Starts a muxer with the given configuration, and prints the addresses of all files that are loaded. */
const muxer = new IngestMuxer(JSON.parse(process.argv[2] ?? ''));
muxer.on('error', () => {});
muxer.start();
const files = listLoaded();
await muxer.close();
console.log(JSON.stringify(files));
