import { Indexer } from '@ringest/indexer';
import type { FromIndexer, IndexerSettings, ToIndexer } from './indexer-messages.js';
import { Tally } from './tally.js';

/** An embedded indexer in a process of its own. It ends when its parent disconnects. */
const tell = (message: FromIndexer) => process.send?.(message);
let tally: Tally | undefined;
let indexer: Indexer | undefined;

process.on('message', (message: ToIndexer) => {
  if (message.kind === 'settings') {
    void start(message.settings);
  } else if (message.kind === 'report') {
    if (tally !== undefined) tell({ kind: 'report', tally: tally.report(message.sent) });
  } else if (indexer !== undefined) {
    indexer.ackDelay = message.milliseconds;
    tell({ kind: 'delayed' });
  }
});
process.on('disconnect', () => process.exit());
// A terminal sends its interrupt to the whole group; the load generator ends this process in time.
process.on('SIGINT', () => {});

async function start(settings: IndexerSettings): Promise<void> {
  const { secret, ackDelay } = settings;
  const account = settings.tally ? new Tally(settings.digest) : undefined;
  tally = account;
  const onEntry = account && { onEntry: account.add.bind(account) };
  indexer = new Indexer({ listen: 'tcp://127.0.0.1:0', secret, ackDelay, ...onEntry });
  tell({ kind: 'listening', address: await indexer.listen() });
}
