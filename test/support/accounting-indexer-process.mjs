// An indexer in a process of its own that keeps account of what it has taken, in a file that is
// written before anything in it is confirmed: so the account is true however the process ends.
// Arguments: the address to listen on, the number of its first tag, the file, and by
// how many milliseconds it confirms late.
//
// The file has eight bytes for each entry: its sequence number, which its data begins with, and the
// CRC-32 of its length, timestamp, source, data with values, and the name of its tag.
import { openSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { Indexer } from '@ringest/indexer';

const RECORD_BYTES = 8;
const FRAME_BYTES = 46;

const [listen, firstTag, path, ackDelay] = process.argv.slice(2);
const file = openSync(path, 'a');
const records = Buffer.alloc(65536 * RECORD_BYTES);
let length = 0;
/** Names of tags by their numbers. */
const names = new Map();
/** The number of a tag whose name shows once its first entry, the last one taken, is counted. */
let unnamed;

function onEntry({ tag, bytes, dataOffset, dataLength, valuesLength }) {
  if (unnamed !== undefined) nameTag();
  if (length === records.length) write();
  const start = dataOffset - FRAME_BYTES;
  const end = dataOffset + dataLength + valuesLength;
  let check = crc32(bytes.subarray(start + 4, start + 20));
  check = crc32(bytes.subarray(start + 22, start + 38), check);
  check = crc32(bytes.subarray(dataOffset, end), check);
  records.writeUInt32LE(dataLength < 4 ? 0xffffffff : bytes.readUInt32LE(dataOffset), length);
  const name = names.get(tag);
  if (name === undefined) unnamed = tag;
  else check = crc32(name, check);
  records.writeUInt32LE(check, length + 4);
  length += RECORD_BYTES;
}

function nameTag() {
  const known = new Set(names.values());
  const name = Object.keys(indexer.stats().tags).find((one) => !known.has(one));
  names.set(unnamed, name);
  unnamed = undefined;
  const check = records.readUInt32LE(length - 4);
  records.writeUInt32LE(crc32(name, check), length - 4);
}

function write() {
  writeSync(file, records, 0, length);
  length = 0;
}

function beforeConfirm() {
  if (unnamed !== undefined) nameTag();
  if (length > 0) write();
}

const indexer = new Indexer({
  listen,
  firstTag: Number(firstTag),
  ackDelay: Number(ackDelay),
  secret: 'IngestSecrets',
  onEntry,
  beforeConfirm,
});
console.log(`listening on ${await indexer.listen()}`);
