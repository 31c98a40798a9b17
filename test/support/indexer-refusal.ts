import { Indexer } from '@ringest/indexer';
import { explain, indexerOptions, parseCliOptions } from '@ringest/indexer/internal';
import { saidAtExit } from './refused-command.js';

/** What `ringest-indexer` says of flags that it refuses, without a process of its own. */
export async function indexerRefusal(...flags: readonly string[]): Promise<string> {
  try {
    const said = await saidAtExit(() => {
      const options = parseCliOptions(['node', 'ringest-indexer', ...flags]);
      return new Indexer(indexerOptions(options, process.env));
    });
    if (said !== undefined) return said;
  } catch (error) {
    return explain(error as Parameters<typeof explain>[0]);
  }
  throw new Error('the flags were not refused');
}
