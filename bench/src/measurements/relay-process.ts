import { Relay } from '@ringest/relay';
import { SECRET } from './muxer-run.js';

/** A relay in a process of its own, to the indexer that its argument names. It says where it listens. */
const relay = new Relay({
  listeners: [{ name: 'bench', listen: 'tcp://127.0.0.1:0', secret: SECRET }],
  muxer: { targets: [process.argv[2] as string], secret: SECRET, selfIngest: false },
});
await relay.start();
process.send?.(relay.addresses[0]);
process.on('disconnect', () => process.exit());
