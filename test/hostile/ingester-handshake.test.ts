import {
  encodeState,
  encodeTagRequest,
  MAX_TAG_MESSAGE_BYTES,
  State,
  TENANT_MARKER,
} from '@ringest/codec';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { nested, prefixed, sized } from '../support/hostile-bytes.js';
import { Siege } from '../support/hostile-siege.js';
import { arrived, holdClock } from '../support/indexer-clock.js';
import { IngesterClient } from '../support/ingester-client.js';
import { lightChallenges } from '../support/light-challenges.js';
import { startIndexer } from '../support/listening.js';
import { SECRET } from '../support/muxer.js';
import { Random } from '../support/random.js';

/** What is said, and a pattern of the code of the error that ends the connection then. */
type Case = readonly [what: string, said: Buffer, code: string];

const HOT = encodeState({ id: State.hot, info: '' });
const tenant = (length: number, name: string | Buffer = '') =>
  Buffer.concat([TENANT_MARKER, Buffer.alloc(34), prefixed(2, length, name)]);

async function authenticated(siege: Siege): Promise<IngesterClient> {
  const client = await siege.connect();
  await client.authenticate(SECRET);
  await client.expect('state');
  return client;
}

async function expectRefusals(
  cases: readonly Case[],
  open: (siege: Siege) => Promise<IngesterClient>,
): Promise<void> {
  const siege = await Siege.begin();
  const codes: unknown[] = [];
  for (const [what, said] of cases) {
    const client = await open(siege);
    client.write(said);
    codes.push([what, (await siege.refusal(client))?.code]);
  }
  expect(codes).toEqual(cases.map(([what, , code]) => [what, expect.stringMatching(`^${code}$`)]));
  await siege.expectNoHarm();
}

describe('an ingester without the secret', () => {
  it('is turned away with whatever it says', () =>
    expectRefusals(
      [
        ['an answer of zeros', Buffer.alloc(32), 'ERR_AUTHENTICATION'],
        ['the mark of a tenant as answer', tenant(0), 'ERR_AUTHENTICATION'],
        ['a wrong answer and more', Buffer.alloc(500), 'ERR_AUTHENTICATION'],
        ['a tenant of 513 bytes', tenant(513), 'ERR_LIMIT'],
        ['a tenant of 65535 bytes', tenant(65_535), 'ERR_LIMIT'],
        ['a tenant that is no text', tenant(2, Buffer.from([0xff, 0xfe])), 'ERR_DECODE'],
        ['more than the longest response', Buffer.alloc(1000), 'ERR_LIMIT'],
        ['10 MiB', Buffer.alloc(10 * 2 ** 20, 'x'), 'ERR_LIMIT'],
        [
          'another protocol',
          Buffer.from(`GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(200)}`),
          'ERR_LIMIT',
        ],
      ],
      (siege) => siege.connect(),
    ));

  it('is turned away whatever bytes it sends, and at whichever it hangs up', async () => {
    const siege = await Siege.begin();
    const clients = Array.from({ length: 100 }, async (_, seed) => {
      const random = new Random(seed);
      const client = await siege.connect();
      client.socket.end(random.bytes(random.below(seed % 2 === 0 ? 100 : 5000)));
      return { seed, code: (await siege.refusal(client))?.code };
    });
    const expected = ['ERR_AUTHENTICATION', 'ERR_LIMIT', 'ERR_DECODE', 'ERR_CONNECTION_LOST'];
    for (const { seed, code } of await Promise.all(clients)) {
      expect(expected, `seed ${seed}`).toContain(code);
    }
    await siege.expectNoHarm();
  });
});

describe('an ingester with the secret', () => {
  const many = JSON.stringify(Array.from({ length: 1_000_000 }, (_, i) => `tag${i}`));

  it('is turned away for a tag request that makes no sense', () =>
    expectRefusals(
      [
        ['32 MiB and one', prefixed(4, MAX_TAG_MESSAGE_BYTES + 1), 'ERR_LIMIT'],
        ['2 GiB', prefixed(4, 0x8000_0000), 'ERR_LIMIT'],
        ['4 GiB', prefixed(4, 0xffff_ffff), 'ERR_LIMIT'],
        ['nothing', prefixed(4, 0), 'ERR_DECODE'],
        ['no JSON', sized(4, 'no JSON'), 'ERR_DECODE'],
        ['a list', sized(4, '[]'), 'ERR_DECODE'],
        ['lists in lists', sized(4, nested(100_000)), 'ERR_DECODE'],
        ['lists for Tags', sized(4, `{"Count":1,"Tags":${nested(100_000)}}`), 'ERR_DECODE'],
        ['a number for a tag', sized(4, '{"Count":1,"Tags":[1]}'), 'ERR_DECODE'],
        ['Count too high', sized(4, '{"Count":2,"Tags":["test"]}'), 'ERR_DECODE'],
        ['Count too low', sized(4, '{"Count":0,"Tags":["test"]}'), 'ERR_DECODE'],
        ['Count no number', sized(4, '{"Count":"1","Tags":["test"]}'), 'ERR_DECODE'],
        ['an empty tag', encodeTagRequest(['']), 'ERR_TAG_NOT_GRANTED'],
        ['a forbidden tag', encodeTagRequest(['test', 'a b']), 'ERR_TAG_NOT_GRANTED'],
        ['a tag that is too long', encodeTagRequest(['x'.repeat(4097)]), 'ERR_TAG_NOT_GRANTED'],
        [
          'a million tags',
          sized(4, `{"Count":1000000,"Tags":${many}}`),
          'ERR_(DECODE|TAG_REFUSED)',
        ],
      ],
      authenticated,
    ));

  it('is turned away for a state that makes no sense', () => {
    const asked = (state: Buffer) => Buffer.concat([encodeTagRequest(['test']), state]);
    return expectRefusals(
      [
        ['4097 bytes', asked(prefixed(2, 4097)), 'ERR_LIMIT'],
        ['65535 bytes', asked(prefixed(2, 65_535)), 'ERR_LIMIT'],
        ['no JSON', asked(sized(2, 'no JSON')), 'ERR_DECODE'],
        ['lists in lists', asked(sized(2, nested(2048))), 'ERR_DECODE'],
        ['lists for a number', asked(sized(2, `{"ID":${nested(2000)}}`)), 'ERR_DECODE'],
        ['another one', asked(encodeState({ id: State.authenticated, info: '' })), 'ERR_DECODE'],
      ],
      authenticated,
    );
  });

  it('takes no tag away from others by asking for too many', async () => {
    const siege = await Siege.begin();
    const greedy = await authenticated(siege);
    greedy.write(sized(4, `{"Count":1000000,"Tags":${many}}`));
    expect((await siege.refusal(greedy))?.code).toMatch(/^ERR_(DECODE|TAG_REFUSED)$/);
    const next = await authenticated(siege);
    next.write(encodeTagRequest(['one-more']));
    expect((await next.expect('tagResponse')).count).toBe(1);
    next.destroy();
    await siege.expectNoHarm();
  });
});

describe('an ingester that falls silent in the handshake', () => {
  it('or says a byte now and then, is turned away within its five seconds', async () => {
    holdClock();
    lightChallenges();
    const { address, logs } = await startIndexer();
    const request = encodeTagRequest(['test']);
    const refused = () => logs.flatMap(({ err }) => (err === undefined ? [] : [err.code]));
    const silentAfter = async (hasSecret: boolean, said: Uint8Array) => {
      const client = await IngesterClient.connect(address);
      onTestFinished(() => client.destroy());
      if (hasSecret) {
        await client.authenticate(SECRET);
        await client.expect('state');
      } else {
        await client.expect('challenge');
      }
      client.write(said);
      return client;
    };
    await silentAfter(false, Buffer.alloc(0));
    await silentAfter(false, Buffer.alloc(31));
    await silentAfter(true, Buffer.alloc(0));
    await silentAfter(true, request.subarray(0, -1));
    const asking = [
      await silentAfter(true, request),
      await silentAfter(true, Buffer.concat([request, HOT.subarray(0, -1)])),
    ];
    for (const client of asking) await client.expect('tagResponse');
    const slow = await silentAfter(false, Buffer.alloc(0));
    for (let passed = 0; passed < 4900; passed += 700) {
      slow.write(Buffer.alloc(1));
      vi.advanceTimersByTime(700);
    }
    expect(refused()).toEqual([]);
    vi.advanceTimersByTime(100);
    await arrived(() => refused().length === 7);
    expect(new Set(refused())).toEqual(new Set(['ERR_INGESTER_TIMEOUT']));
  });
});
