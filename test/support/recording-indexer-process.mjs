// An indexer in a process of its own that writes down every entry before it confirms it, so that
// what it had taken is known however it ends.
// Arguments: the address to listen on, the number of its first tag, the file to append to.
import { openSync, writeSync } from 'node:fs';
import { Indexer } from '@ringest/indexer';

const [listen, firstTag, path] = process.argv.slice(2);
const file = openSync(path, 'a');
const indexer = new Indexer({
  listen,
  firstTag: Number(firstTag),
  secret: 'IngestSecrets',
  onEntry({ tag, bytes, dataOffset, dataLength, valuesLength }) {
    const frame = bytes.subarray(dataOffset - 46, dataOffset + dataLength + valuesLength);
    writeSync(file, `${tag} ${frame.toString('hex')}\n`);
  },
});
console.log(`listening on ${await indexer.listen()}`);
