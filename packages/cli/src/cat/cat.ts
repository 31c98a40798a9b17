import { stat } from 'node:fs/promises';
import { DEFAULT_TCP_PORT } from '@ringest/codec';
import { CommandError } from '../errors.js';
import type { ExitStatus } from '../exit-status.js';
import { Output } from '../output.js';
import { catIndexer } from './cat-indexer.js';
import type { CatOptions } from './cat-options.js';
import { catStore } from './cat-store.js';

/**
 * Prints the entries of a store, or those that ingesters send.
 * @throws what keeps it from beginning
 */
export async function cat(options: CatOptions): Promise<ExitStatus> {
  const { what } = options;
  const output = new Output();
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const signal = AbortSignal.any([stopping.signal, output.stopped]);
  try {
    if (what === 'indexer') {
      return await catIndexer(`tcp://127.0.0.1:${DEFAULT_TCP_PORT}`, options, output, signal);
    }
    if (/^\w+:\/\//.test(what)) return await catIndexer(what, options, output, signal);
    if (!(await isFolder(what))) throw new CommandError(`${what} is not the folder of a store`);
    return await catStore(options, output, signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CommandError(`${path}: there is no such folder`);
  }
}
