import {
  Command,
  encodeApiVersion,
  encodeConfirmApiVersion,
  encodeConfirmDittoBlock,
  encodeConfirmEntry,
  encodeConfirmId,
  encodeConfirmIngesterState,
  encodeConfirmIngestOk,
  encodeConfirmTag,
  encodeDittoBlock,
  encodeErrorTag,
  encodeForceAck,
  encodeId,
  encodeIngestOk,
  encodePing,
  encodePong,
  encodeTag,
  encodeThrottle,
} from '@ringest/codec';
import { describe, expect, it } from 'vitest';

describe('commands', () => {
  it.each([
    ['FORCE_ACK', encodeForceAck(), '5073df1a'],
    ['PING', encodePing(), '01007788'],
    ['TAG', encodeTag('newtag'), '00536718060000006e6577746167'],
    ['API_VER', encodeApiVersion(9), '004433220900'],
    ['INGEST_OK', encodeIngestOk(), '00554433'],
    ['DITTO_BLOCK', encodeDittoBlock(3), 'aabbccdd0300000000000000'],
    ['CONFIRM_ENTRY', encodeConfirmEntry(1), '7e30e0f60100000000000000'],
    ['THROTTLE', encodeThrottle(5e9), '1ecceabd00f2052a01000000'],
    ['PONG', encodePong(), '08007788'],
    ['CONFIRM_TAG', encodeConfirmTag(13), '015367180d00000000000000'],
    ['ERROR_TAG', encodeErrorTag(), '02536718'],
    ['CONFIRM_ID', encodeConfirmId(), '01347922'],
    ['CONFIRM_API_VER', encodeConfirmApiVersion(), '01443322'],
    ['CONFIRM_INGEST_OK', encodeConfirmIngestOk(true), '015544330100000000000000'],
    ['CONFIRM_INGEST_OK, not yet', encodeConfirmIngestOk(false), '015544330000000000000000'],
    ['CONFIRM_INGESTER_STATE', encodeConfirmIngesterState(), '01665544'],
    ['CONFIRM_DITTO_BLOCK', encodeConfirmDittoBlock(2), '887766550200000000000000'],
  ])('%s is encoded as the protocol says', (_name, encoded, hex) => {
    expect(encoded.toString('hex')).toBe(hex);
  });

  it('encodes an ID with three strings, their lengths in bytes', () => {
    const id = encodeId({ name: 'é', version: '', uuid: 'u' });
    expect(id.toString('hex')).toBe('0034792202000000c3a9000000000100000075');
  });

  it('writes ids beyond 32 bits exactly', () => {
    const id = Number.MAX_SAFE_INTEGER - 1;
    expect(encodeConfirmEntry(id).readBigUInt64LE(4)).toBe(BigInt(id));
  });

  it('gives every command a word of its own', () => {
    const words = Object.values(Command);
    expect(new Set(words).size).toBe(words.length);
  });
});
