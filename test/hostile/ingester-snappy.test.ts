import { encodeForceAck, encodePing } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { frame } from '../support/hostile-bytes.js';
import { Siege } from '../support/hostile-siege.js';
import { BROKEN_CHUNKS, chunk, chunksOf, IDENTIFIER } from '../support/hostile-snappy.js';

async function compressed(siege: Siege) {
  const { client, tag } = await siege.hot();
  await client.compress();
  return { client, tag };
}

describe('an ingester that agreed on snappy', () => {
  it('and then says what cannot be unpacked is turned away, whatever it is', async () => {
    const siege = await Siege.begin();
    const cases = [
      ...BROKEN_CHUNKS.map(([what, bytes, problem]) => {
        return [what, Buffer.concat([IDENTIFIER, bytes]), problem] as const;
      }),
      ['nothing compressed', encodePing(), /does not begin with its identifier/] as const,
      ['no identifier', chunksOf(encodePing()), /does not begin with its identifier/] as const,
    ];
    const told: unknown[] = [];
    for (const [what, bytes] of cases) {
      const { client } = await compressed(siege);
      client.socket.write(bytes);
      const { code, message } = (await siege.refusal(client)) ?? {};
      told.push({ what, code, message });
    }
    expect(told).toEqual(
      cases.map(([what, , problem]) => ({
        what,
        code: expect.stringMatching(/^ERR_(DECODE|LIMIT|CHECKSUM)$/),
        message: expect.stringMatching(problem),
      })),
    );
    await siege.expectNoHarm();
  });

  it('and sends chunks to skip, and its identifier, again and again is listened to', async () => {
    const siege = await Siege.begin();
    const { client, tag } = await compressed(siege);
    client.socket.write(IDENTIFIER);
    for (const type of [0x80, 0xa0, 0xfd, 0xfe]) {
      client.socket.write(chunk(type, Buffer.alloc(2 ** 22, 0x55)));
    }
    for (let i = 0; i < 1000; i++) client.socket.write(IDENTIFIER);
    const plain = Buffer.concat([frame(tag), encodeForceAck()]);
    client.socket.write(chunksOf(plain));
    expect(await client.expect('confirmEntry')).toMatchObject({ id: 1 });
    client.destroy();
    await siege.expectNoHarm();
  });

  it('and hangs up in the middle of a chunk is noticed, and what was whole is confirmed', async () => {
    const siege = await Siege.begin();
    const { client, tag } = await compressed(siege);
    const whole = chunksOf(frame(tag));
    client.socket.end(Buffer.concat([IDENTIFIER, whole, whole.subarray(0, -1)]));
    expect(await client.confirmedUntilEnd()).toEqual([1]);
    expect((await siege.refusal(client))?.code).toBe('ERR_CONNECTION_LOST');
    await siege.expectNoHarm();
  });
});
