import { Session } from 'node:inspector';
import { IngestMuxer } from '@ringest/core';

/** Starts a muxer with the given configuration, and prints the addresses of all files that are loaded. */
const muxer = new IngestMuxer(JSON.parse(process.argv[2] ?? ''));
muxer.on('error', () => {});
muxer.start();
const files = [];
const session = new Session();
session.connect();
session.on('Debugger.scriptParsed', ({ params }) => files.push(params.url));
session.post('Debugger.enable');
session.disconnect();
await muxer.close();
console.log(JSON.stringify(files));
