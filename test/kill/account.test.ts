import { type EntryInput, encodeEntry, HEADER_BYTES } from '@ringest/codec';
import { EntryView } from '@ringest/indexer';
import { expect, it } from 'vitest';
import { Account, type Arrived, arrived, keyOf } from './account.js';
import { NumberedEntries } from './numbered-entries.mjs';

const TAG_BYTES = { start: 20, end: 22 };
const ID_BYTES = { start: 38, end: 46 };
const SOURCE_IF_NONE = '127.0.0.1';

/** As an indexer gets it. */
function frameOf(entry: EntryInput): Buffer {
  const bytes = encodeEntry({ ...entry, source: entry.source ?? SOURCE_IF_NONE });
  const parts = [Buffer.alloc(4), bytes.subarray(0, HEADER_BYTES), Buffer.alloc(8)];
  return Buffer.concat([...parts, bytes.subarray(HEADER_BYTES)]);
}

function arrivedIn(frame: Buffer, { data }: EntryInput): Arrived {
  const view = new EntryView();
  view.setBytes(frame, new DataView(frame.buffer, frame.byteOffset, frame.length));
  const size = HEADER_BYTES + 12 + data.length;
  view.moveTo(0, data.length, frame.length - size);
  return arrived(view);
}

/** Small entries, with and without everything that an entry may have. */
const entries = Array.from({ length: 200 }, (_, i) =>
  new NumberedEntries(3, i).entry(i, { tag: 0, name: 'alpha' }),
).filter(({ data }) => data.length < 100);

it('an entry that arrives as it was written is taken, and counted each time', () => {
  const account = new Account();
  for (const entry of entries) account.take(arrivedIn(frameOf(entry), entry), 'alpha');
  expect(account.wrong).toEqual([]);
  expect(account.arrivals.size).toBe(entries.length);
  expect(account.duplicates).toBe(0);
  expect([...account.arrivals.keys()].every((key) => key >= keyOf(3, 0))).toBe(true);

  const [entry] = entries;
  if (entry !== undefined) account.take(arrivedIn(frameOf(entry), entry), 'alpha');
  expect(account.duplicates).toBe(1);
});

it('an entry is wrong with another tag, or any byte altered but those of its tag and id', () => {
  for (const entry of entries) {
    const frame = frameOf(entry);
    for (let at = 4; at < frame.length; at++) {
      const isLink = at >= TAG_BYTES.start && at < TAG_BYTES.end;
      if (isLink || (at >= ID_BYTES.start && at < ID_BYTES.end)) continue;
      const altered = Buffer.from(frame);
      altered.writeUInt8(altered.readUInt8(at) ^ 4, at);
      const account = new Account();
      account.take(arrivedIn(altered, entry), 'alpha');
      expect(account.wrong, `byte ${at}`).toHaveLength(1);
    }
    const account = new Account();
    account.take(arrivedIn(frame, entry), 'beta');
    expect(account.wrong).toHaveLength(1);
  }
});
