import { readFileSync } from 'node:fs';
import {
  CONFIRM_ENTRY_BYTES,
  Command,
  FLAG_IPV4,
  FLAG_VALUES,
  FRAME_BYTES,
  FRAME_ID_OFFSET,
  FRAME_LENGTH_OFFSET,
  FRAME_NANOSECONDS_OFFSET,
  FRAME_SECONDS_OFFSET,
  FRAME_SOURCE_OFFSET,
  FRAME_TAG_OFFSET,
  GRAVWELL_TAG,
  LENGTH_MASK,
  WIRE_EPOCH_OFFSET,
} from '@ringest/codec';
import { RECORD_BYTES, RecordField, UNKNOWN_TAG } from '@ringest/workers/internal';
import { expect, it } from 'vitest';

/** The kernel is AssemblyScript, which cannot import the codec: it has the layout of a frame in constants. */
const KERNEL = new URL('../../packages/workers/assembly/kernel.ts', import.meta.url);

function constantsOfKernel(): Record<string, number> {
  const source = readFileSync(KERNEL, 'utf8');
  const constants = source.matchAll(/^const (\w+): [ui](?:32|64) = (0x[\da-f]+|\d+);$/gm);
  return Object.fromEntries(Array.from(constants, ([, name, value]) => [name, Number(value)]));
}

it('has in the kernel the constants that the codec and the memory layout have', () => {
  expect(constantsOfKernel()).toEqual({
    NEW_ENTRY: Command.newEntry,
    CONFIRM_ENTRY: Command.confirmEntry,
    CONFIRM_BYTES: CONFIRM_ENTRY_BYTES,
    WIRE_EPOCH_OFFSET,
    FRAME_BYTES,
    LENGTH_MASK,
    FLAG_IPV4,
    FLAG_VALUES,
    GRAVWELL_TAG,
    UNKNOWN_TAG,
    LENGTH: FRAME_LENGTH_OFFSET,
    SECONDS: FRAME_SECONDS_OFFSET,
    NANOSECONDS: FRAME_NANOSECONDS_OFFSET,
    TAG: FRAME_TAG_OFFSET,
    SOURCE: FRAME_SOURCE_OFFSET,
    ID: FRAME_ID_OFFSET,
    RECORD_BYTES,
    R_BODY: RecordField.body,
    R_BODY_BYTES: RecordField.bodyBytes,
    R_LENGTH: RecordField.length,
    R_TAG: RecordField.tag,
    R_SECONDS: RecordField.seconds,
    R_NANOSECONDS: RecordField.nanoseconds,
    R_SOURCE: RecordField.source,
    LINE_FEED: 10,
    CARRIAGE_RETURN: 13,
    // Marks of frames that have no stamp: the kernel alone writes and reads them.
    ID_UNSTAMPED: 0,
  });
});
