// An embedded indexer in a process of its own that hostile ingesters besiege.
// Says where it listens. At SIGUSR2 it remembers how much memory it has, and says `settled`; at
// SIGTERM it closes, and prints by how much that has grown at most since then, in bytes.
import { Indexer } from '@ringest/indexer';

const peak = () => process.resourceUsage().maxRSS * 1024;
let settled = peak();
const indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
process.on('SIGUSR2', () => {
  settled = peak();
  console.log('settled');
});
process.once('SIGTERM', async () => {
  await indexer.close();
  const { entries, connections } = indexer.stats();
  console.log(JSON.stringify({ growth: peak() - settled, entries, connections }));
});
console.log(`listening on ${await indexer.listen()}`);
