import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListenError } from '@ringest/indexer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { IngesterClient } from '../support/ingester-client.js';
import { newIndexer, startIndexer } from '../support/listening.js';
import { SECRET } from '../support/muxer.js';
import { INDEXER, NodeProcess } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const socketPath = () => join(temporaryDirectory(), 'indexer.sock');

async function connectHot(address: string): Promise<void> {
  const { client } = await IngesterClient.hot(address, SECRET, ['test']);
  onTestFinished(() => client.destroy());
}

describe('the socket of a pipe', () => {
  it('is removed when the indexer closes', async () => {
    const path = socketPath();
    const { indexer } = await startIndexer({ listen: `pipe://${path}` });
    expect(lstatSync(path).isSocket()).toBe(true);
    await indexer.close();
    expect(existsSync(path)).toBe(false);
  });

  it('that a killed indexer has left behind is taken over', async () => {
    const path = socketPath();
    const killed = new NodeProcess(INDEXER, ['--unix', path, '--ingest-secret', SECRET]);
    await killed.says('stdout', /listening on pipe/);
    await killed.end('SIGKILL');
    expect(lstatSync(path).isSocket()).toBe(true);
    const { address } = await startIndexer({ listen: `pipe://${path}` });
    await connectHot(address);
  });

  it('that somebody listens on is left alone', async () => {
    const path = socketPath();
    const { address } = await startIndexer({ listen: `pipe://${path}` });
    const { indexer } = newIndexer({ listen: `pipe://${path}` });
    const listening = indexer.listen();
    await expect(listening).rejects.toThrow(ListenError);
    await expect(listening).rejects.toThrow(/another process listens there/);
    await indexer.close();
    await connectHot(address);
  });

  it('is not made where there is a file, which is left alone', async () => {
    const path = socketPath();
    writeFileSync(path, 'precious');
    const { indexer } = newIndexer({ listen: `pipe://${path}` });
    await expect(indexer.listen()).rejects.toThrow(/a file that is not a socket/);
    await indexer.close();
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('is not made where there is a directory, or none to put it in', async () => {
    const path = socketPath();
    mkdirSync(path);
    const { indexer } = newIndexer({ listen: `pipe://${path}` });
    await expect(indexer.listen()).rejects.toThrow(/a file that is not a socket/);
    const other = newIndexer({ listen: `pipe://${path}/none/indexer.sock` });
    await expect(other.indexer.listen()).rejects.toThrow(/its directory does not exist/);
  });

  it('may have a path as long as the system allows', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'x'.repeat(107 - directory.length - 1));
    const { address } = await startIndexer({ listen: `pipe://${path}` });
    expect(lstatSync(path).isSocket()).toBe(true);
    await connectHot(address);
  });
});
