import { once } from 'node:events';
import { EntryFilter, type EntryView, Indexer, InvalidAddressError } from '@ringest/indexer';
import { findSecret } from '@ringest/indexer/command-line';
import { pino } from 'pino';
import { UsageError } from '../errors.js';
import { EXIT, type ExitStatus } from '../exit-status.js';
import type { Output } from '../output.js';
import type { CatOptions } from './cat-options.js';
import { entryPrinter } from './entry-printer.js';

/** Is an indexer that prints the entries that match, or how many there were. It confirms what is printed. */
export async function catIndexer(
  address: string,
  options: CatOptions,
  output: Output,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const { tag: tags, from, to, match, count } = options;
  const filter = new EntryFilter({ tags, from, to, match });
  const print = entryPrinter(options);
  // The bytes of an entry are used again before they are written.
  const addCopy = (bytes: Buffer) => output.add(Buffer.from(bytes));
  let matching = 0;
  const onEntry = (entry: EntryView): void | Promise<void> => {
    const name = indexer.tagOf(entry);
    if (!filter.matches(entry, name)) return;
    matching++;
    if (count) return;
    print(entry, name, addCopy);
    if (output.isFull) return output.flush();
  };
  const beforeConfirm = async () => {
    await output.flush();
    // What nobody has read is not confirmed: the ingester keeps it.
    output.stopped.throwIfAborted();
  };
  const indexer = indexerAt(address, options, onEntry, beforeConfirm);
  await using _ = indexer;
  await indexer.listen();
  process.stderr.write(`ringest: listening on ${indexer.address}\n`);
  if (!signal.aborted) await once(signal, 'abort');
  await indexer.close();
  if (count) output.add(Buffer.from(`${matching}\n`));
  await output.flush();
  return EXIT.done;
}

function indexerAt(
  address: string,
  options: CatOptions,
  onEntry: (entry: EntryView) => void | Promise<void>,
  beforeConfirm: () => Promise<void>,
): Indexer {
  const secret = findSecret(options, process.env);
  if (secret === undefined) {
    throw new UsageError(
      'there is no ingest secret: give --ingest-secret-file or --ingest-secret, or set GRAVWELL_INGEST_SECRET',
    );
  }
  if (address.startsWith('tls:')) {
    throw new UsageError(
      'cat listens without TLS: use `ringest indexer --store` with a certificate, and cat its folder',
    );
  }
  const logger = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
  try {
    return new Indexer({ listen: address, secret, logger, onEntry, beforeConfirm });
  } catch (error) {
    if (error instanceof InvalidAddressError) throw new UsageError(error.message);
    throw error;
  }
}
