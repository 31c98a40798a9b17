import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import {
  decodeEnumeratedBlock,
  type EnumeratedInput,
  EnumeratedType,
  EnumeratedValue,
  InvalidEntryError,
  InvalidEnumeratedValueError,
  MAX_VALUE_BYTES,
  OversizedEnumeratedBlockError,
  Source,
  Timestamp,
} from '@ringest/codec';
import { ConfigurationError } from '@ringest/core';
import { type AttachInput, Attachments } from '@ringest/core/internal';
import fc from 'fast-check';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';

const UUID = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const MINUTE = 60_000;
/** Where packages are found by their names. */
const FOLDER = new URL('../..', import.meta.url);

type Environment = Record<string, string | undefined>;

function attachments(attach: AttachInput, environment: Environment = {}): Attachments {
  return new Attachments(attach, { uuid: UUID, environment: () => environment });
}

/** The names and values of a block, in its order. */
function read(block: Uint8Array | undefined): [name: string, value: unknown][] {
  if (block === undefined || block.length === 0) return [];
  return decodeEnumeratedBlock(block).map(({ name, value }) => [name, value]);
}

function types(block: Uint8Array | undefined): EnumeratedType[] {
  return decodeEnumeratedBlock(block ?? Buffer.alloc(0)).map(({ type }) => type);
}

function refusal(attach: unknown, environment: Environment = {}): ConfigurationError {
  try {
    attachments(attach as AttachInput, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return error as ConfigurationError;
  }
  throw new Error('it was accepted');
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the block of what is attached', () => {
  it('is none if nothing is', () => {
    expect(attachments({}).block()).toBeUndefined();
  });

  it('has constants in their order, of the types that fit them', () => {
    const block = attachments({
      text: 'x',
      whole: 7,
      part: 0.5,
      flag: true,
      bytes: Buffer.from('b'),
      source: Source.parse('10.0.0.1'),
      time: new Date(1500),
      mac: EnumeratedValue.of('mac', EnumeratedType.mac, 'de:ad:be:ef:00:01'),
    }).block();
    const { string, int64, float64, bool, byteSlice, ip, timestamp, mac } = EnumeratedType;
    expect(types(block)).toEqual([string, int64, float64, bool, byteSlice, ip, timestamp, mac]);
    expect(read(block)).toEqual([
      ['text', 'x'],
      ['whole', 7n],
      ['part', 0.5],
      ['flag', true],
      ['bytes', Buffer.from('b')],
      ['source', Source.parse('10.0.0.1')],
      ['time', new Timestamp(1, 500_000_000)],
      ['mac', 'de:ad:be:ef:00:01'],
    ]);
  });

  it('has the name of the machine and the UUID of the ingester', () => {
    const block = attachments(
      { host: '$HOSTNAME', id: '$UUID' },
      { HOSTNAME: 'other', UUID: 'other' },
    ).block();
    expect(read(block)).toEqual([
      ['host', hostname()],
      ['id', UUID],
    ]);
  });

  it('has environment variables as text, empty while they are not set', () => {
    const environment = { REGION: 'north', EMPTY: '' };
    const block = attachments({ a: '$REGION', b: '$EMPTY', c: '$NONE' }, environment).block();
    expect(read(block)).toEqual([
      ['a', 'north'],
      ['b', ''],
      ['c', ''],
    ]);
  });

  it('has the environment of the process unless another is given', () => {
    vi.stubEnv('RINGEST_TEST_REGION', 'south');
    const attached = new Attachments({ a: '$RINGEST_TEST_REGION', b: '$toString' }, { uuid: UUID });
    vi.unstubAllEnvs();
    expect(read(attached.block())).toEqual([
      ['a', 'south'],
      ['b', ''],
    ]);
  });

  it('has a $ at the beginning of a text where two are written', () => {
    const block = attachments({ a: '$$NOW', b: '$$', c: '$$$x', d: 'x$NOW' }).block();
    expect(read(block)).toEqual([
      ['a', '$NOW'],
      ['b', '$'],
      ['c', '$$x'],
      ['d', 'x$NOW'],
    ]);
  });

  it('takes a value of its own type as it is, also if it begins with $', () => {
    const value = EnumeratedValue.of('a', EnumeratedType.string, '$NOW');
    expect(read(attachments({ a: value }).block())).toEqual([['a', '$NOW']]);
  });

  it('does not change with what it was made from', () => {
    const bytes = Buffer.from('before');
    const attach = { bytes };
    const attached = attachments(attach);
    bytes.write('after!');
    Object.assign(attach, { more: 1 });
    attached.refresh();
    expect(read(attached.block())).toEqual([['bytes', Buffer.from('before')]]);
  });

  it('is the same memory for every entry', () => {
    const attached = attachments({ now: '$NOW', host: '$HOSTNAME' });
    expect(attached.block()).toBe(attached.block());
  });
});

describe('$NOW', () => {
  it('is the time of each call, wherever it stands', () => {
    vi.useFakeTimers({ now: 1_700_000_000_123 });
    const attached = attachments({ first: '$NOW', between: 'x', last: '$NOW' });
    const { string, timestamp } = EnumeratedType;
    expect(types(attached.block())).toEqual([timestamp, string, timestamp]);
    // The last is after 2^32 seconds of the wire have passed for the fifteenth time.
    for (const time of [1_700_000_000_123, 1_700_000_000_124, 999, 0, -1, 4_000_000_000_000]) {
      vi.setSystemTime(time);
      expect(read(attached.block())).toEqual([
        ['first', Timestamp.from(time)],
        ['between', 'x'],
        ['last', Timestamp.from(time)],
      ]);
    }
  });

  it('is the time of the system', () => {
    const attached = attachments({ now: '$NOW' });
    const clock = vi.spyOn(Date, 'now');
    onTestFinished(() => clock.mockRestore());
    const [[, now] = []] = read(attached.block());
    expect(clock.mock.results.map(({ value }) => value)).toContain(
      (now as Timestamp).toDate().getTime(),
    );
  });

  it('is right at once after the environment was read again, within the same millisecond', () => {
    vi.useFakeTimers({ now: 5000 });
    const environment = { REGION: 'north' };
    const attached = attachments({ region: '$REGION', now: '$NOW' }, environment);
    attached.block();
    environment.REGION = 'southern';
    attached.refresh();
    expect(read(attached.block())).toEqual([
      ['region', 'southern'],
      ['now', new Timestamp(5, 0)],
    ]);
  });
});

describe('the environment', () => {
  it('is read again when asked, and not before', () => {
    const environment: { REGION?: string } = { REGION: 'north' };
    const attached = attachments({ region: '$REGION' }, environment);
    environment.REGION = 'southern';
    expect(read(attached.block())).toEqual([['region', 'north']]);
    attached.refresh();
    expect(read(attached.block())).toEqual([['region', 'southern']]);
    delete environment.REGION;
    attached.refresh();
    expect(read(attached.block())).toEqual([['region', '']]);
  });

  it('changes nothing if a variable became too long, and says which', () => {
    const environment = { A: 'a', B: 'b' };
    const attached = attachments({ a: '$A', b: '$B' }, environment);
    environment.A = 'changed';
    environment.B = 'b'.repeat(MAX_VALUE_BYTES + 1);
    expect(() => attached.refresh()).toThrow(expect.objectContaining({ field: 'attach.b' }));
    expect(read(attached.block())).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
  });

  it('is read every 5 minutes from start to stop, whatever went wrong before', () => {
    vi.useFakeTimers();
    const environment = { A: 'first' };
    const attached = attachments({ a: '$A' }, environment);
    const failures: Error[] = [];
    attached.start((error) => failures.push(error));
    attached.start((error) => failures.push(error));
    environment.A = 'b'.repeat(MAX_VALUE_BYTES + 1);
    vi.advanceTimersByTime(5 * MINUTE);
    expect(failures).toEqual([expect.objectContaining({ field: 'attach.a' })]);
    environment.A = 'second';
    vi.advanceTimersByTime(5 * MINUTE - 1);
    expect(read(attached.block())).toEqual([['a', 'first']]);
    vi.advanceTimersByTime(1);
    expect(read(attached.block())).toEqual([['a', 'second']]);
    attached.stop();
    attached.stop();
    environment.A = 'third';
    vi.advanceTimersByTime(60 * MINUTE);
    expect(read(attached.block())).toEqual([['a', 'second']]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not waited for if nothing of it is attached', () => {
    vi.useFakeTimers();
    attachments({ a: 'x', now: '$NOW', host: '$HOSTNAME' }).start(() => {});
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps no process alive', async () => {
    const script = `
      import { Attachments } from '@ringest/core/internal';
      new Attachments({ path: '$PATH' }, { uuid: '' }).start(() => {});`;
    const argv = ['--input-type=module', '-e', script];
    const child = spawn(process.execPath, argv, { cwd: FOLDER });
    expect(await once(child, 'close')).toEqual([0, null]);
  });
});

describe('values of an entry', () => {
  it('come before those that are attached', () => {
    vi.useFakeTimers({ now: 2000 });
    const attached = attachments({ now: '$NOW', host: 'h' });
    vi.setSystemTime(3000);
    expect(read(attached.merge({ own: 1 }))).toEqual([
      ['own', 1n],
      ['now', new Timestamp(3, 0)],
      ['host', 'h'],
    ]);
  });

  it('win where an attached one has their name', () => {
    const attached = attachments({ a: 'attached', b: 'attached' });
    const b = EnumeratedValue.of('b', EnumeratedType.uint8, 1);
    expect(read(attached.merge([b]))).toEqual([
      ['b', 1],
      ['a', 'attached'],
    ]);
  });

  it('are all there is if nothing is attached', () => {
    expect(read(attachments({}).merge({ own: 1 }))).toEqual([['own', 1n]]);
    expect(attachments({}).merge([])).toHaveLength(0);
  });

  it('may be none', () => {
    const attached = attachments({ a: 'x' });
    expect(read(attached.merge([]))).toEqual([['a', 'x']]);
    expect(read(attached.merge({}))).toEqual([['a', 'x']]);
  });

  it('are merged into memory of their own', () => {
    vi.useFakeTimers({ now: 1000 });
    const attached = attachments({ now: '$NOW' });
    const merged = attached.merge({ own: 1 });
    vi.setSystemTime(9000);
    attached.block();
    expect(read(merged).at(-1)).toEqual(['now', new Timestamp(1, 0)]);
  });

  it.each([null, 'ab', 7, [1], [{ name: 'a' }]])('that are %j are refused', (values) => {
    const merge = (attach: AttachInput) => () =>
      attachments(attach).merge(values as unknown as EnumeratedInput);
    expect(merge({})).toThrow(InvalidEntryError);
    expect(merge({ a: 'x' })).toThrow(InvalidEntryError);
  });

  it('that are out of bounds are refused', () => {
    const attached = attachments({ a: 'x' });
    expect(() => attached.merge({ '': 1 })).toThrow(InvalidEnumeratedValueError);
    const many = Array.from({ length: 65535 }, (_, i) => [`v${i}`, i]);
    expect(() => attached.merge(Object.fromEntries(many))).toThrow(OversizedEnumeratedBlockError);
  });

  it('and attached ones are each there once, the own ones first', () => {
    const values = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'é'), fc.integer(), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(values, values, (attach, own) => {
        const merged = read(attachments(attach).merge(own));
        const rest = Object.entries(attach).filter(([name]) => !Object.hasOwn(own, name));
        const expected = [...Object.entries(own), ...rest];
        expect(merged).toEqual(expected.map(([name, value]) => [name, BigInt(value)]));
      }),
    );
  });
});

describe('what cannot be attached', () => {
  it.each<[what: string, field: string, attach: unknown]>([
    ['nothing at all', 'attach', undefined],
    ['null', 'attach', null],
    ['text', 'attach', 'a=b'],
    ['a list', 'attach', [EnumeratedValue.infer('a', 1)]],
    ['a value without a name', 'attach', { '': 1 }],
    ['a name that is too long', 'attach', { ['x'.repeat(1025)]: 1 }],
    ['a name that is no Unicode', 'attach.\ud800', { '\ud800': 1 }],
    ['a variable without a name', 'attach.a', { a: '$' }],
    ['no value', 'attach.b', { a: 1, b: undefined }],
    ['an object', 'attach.a', { a: { b: 1 } }],
    ['a function', 'attach.a', { a: () => 'x' }],
    ['a number that is too large', 'attach.a', { a: 2n ** 64n }],
    ['text that is too long', 'attach.a', { a: 'x'.repeat(MAX_VALUE_BYTES + 1) }],
    ['a value of another name', 'attach.a', { a: EnumeratedValue.infer('b', 1) }],
  ])('is %s: the error names %s', (_what, field, attach) => {
    const error = refusal(attach);
    expect(error.field).toBe(field);
    expect(error.message.length).toBeLessThan(300);
  });

  it('is a variable that holds too much from the beginning', () => {
    const error = refusal({ a: '$LONG' }, { LONG: 'x'.repeat(MAX_VALUE_BYTES + 1) });
    expect(error.field).toBe('attach.a');
    expect(error.message).not.toContain('xxx');
  });

  it('is more than a block holds', () => {
    const many = Array.from({ length: 65536 }, (_, i) => [`v${i}`, i]);
    const error = refusal(Object.fromEntries(many));
    expect(error.field).toBe('attach');
    expect(error.cause).toBeInstanceOf(OversizedEnumeratedBlockError);
  });
});
