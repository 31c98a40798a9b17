import { RingestError } from '@ringest/codec';
import { explain, parseCliOptions } from './cli-options.js';
import { runIndexer } from './run-indexer.js';

try {
  await runIndexer(parseCliOptions(process.argv));
} catch (error) {
  if (!(error instanceof RingestError)) throw error;
  process.stderr.write(`ringest-indexer: ${explain(error)}\n`);
  process.exitCode = 1;
}
