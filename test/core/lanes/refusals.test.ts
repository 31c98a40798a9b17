import {
  type EntryInput,
  InvalidEntryError,
  InvalidEnumeratedValueError,
  InvalidSourceError,
  InvalidTimestampError,
  OversizedEntryError,
  OversizedEnumeratedBlockError,
  RingestError,
} from '@ringest/codec';
import {
  BatchError,
  IngestMuxer,
  InvalidArgumentError,
  NotRunningError,
  UnknownTagError,
} from '@ringest/core';
import { Indexer } from '@ringest/indexer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newMuxer, SECRET } from '../../support/muxer.js';

const GOOD = { timestamp: 0, tag: 0, data: 'good' };
/** A gibibyte that is never touched. */
const GIBIBYTE = new Uint8Array(2 ** 30);

type Kind = abstract new (...parts: never[]) => RingestError;

/** What is wrong, the error, its code, and what is changed in a good entry. */
const BAD: [name: string, kind: Kind, code: string, wrong: Record<string, unknown>][] = [
  ['an unknown tag', UnknownTagError, 'ERR_UNKNOWN_TAG', { tag: 1 }],
  ['a negative tag', UnknownTagError, 'ERR_UNKNOWN_TAG', { tag: -1 }],
  ['half a tag', UnknownTagError, 'ERR_UNKNOWN_TAG', { tag: 0.5 }],
  ['a tag of 65534', UnknownTagError, 'ERR_UNKNOWN_TAG', { tag: 65534 }],
  ['a tag beyond all', UnknownTagError, 'ERR_UNKNOWN_TAG', { tag: 65536 }],
  ['NaN for its tag', UnknownTagError, 'ERR_UNKNOWN_TAG', { tag: Number.NaN }],
  ['no tag', UnknownTagError, 'ERR_UNKNOWN_TAG', { tag: undefined }],
  ['a name for its tag', UnknownTagError, 'ERR_UNKNOWN_TAG', { tag: 'test' }],
  ['the text 0 for its tag', UnknownTagError, 'ERR_UNKNOWN_TAG', { tag: '0' }],
  ['a bigint for its tag', UnknownTagError, 'ERR_UNKNOWN_TAG', { tag: 0n }],
  ['no timestamp', InvalidTimestampError, 'ERR_INVALID_TIMESTAMP', { timestamp: undefined }],
  ['null for its timestamp', InvalidTimestampError, 'ERR_INVALID_TIMESTAMP', { timestamp: null }],
  ['no time', InvalidTimestampError, 'ERR_INVALID_TIMESTAMP', { timestamp: Number.NaN }],
  ['an endless time', InvalidTimestampError, 'ERR_INVALID_TIMESTAMP', { timestamp: Infinity }],
  ['an invalid Date', InvalidTimestampError, 'ERR_INVALID_TIMESTAMP', { timestamp: new Date('x') }],
  ['a word for its time', InvalidTimestampError, 'ERR_INVALID_TIMESTAMP', { timestamp: 'today' }],
  [
    'a leap second',
    InvalidTimestampError,
    'ERR_INVALID_TIMESTAMP',
    { timestamp: '2016-12-31T23:59:60Z' },
  ],
  [
    'a time of parts of seconds',
    InvalidTimestampError,
    'ERR_INVALID_TIMESTAMP',
    { timestamp: { seconds: 0.5, nanoseconds: 0 } },
  ],
  [
    'a second of nanoseconds',
    InvalidTimestampError,
    'ERR_INVALID_TIMESTAMP',
    { timestamp: { seconds: 0, nanoseconds: 1e9 } },
  ],
  [
    'negative nanoseconds',
    InvalidTimestampError,
    'ERR_INVALID_TIMESTAMP',
    { timestamp: { seconds: 0, nanoseconds: -1 } },
  ],
  ['no nanoseconds', InvalidTimestampError, 'ERR_INVALID_TIMESTAMP', { timestamp: { seconds: 0 } }],
  [
    'seconds beyond 2^53',
    InvalidTimestampError,
    'ERR_INVALID_TIMESTAMP',
    { timestamp: { seconds: 2 ** 53, nanoseconds: 0 } },
  ],
  ['a bigint for its time', InvalidTimestampError, 'ERR_INVALID_TIMESTAMP', { timestamp: 1n }],
  [
    'no number of epoch nanoseconds',
    InvalidTimestampError,
    'ERR_INVALID_TIMESTAMP',
    { timestamp: { epochNanoseconds: 5 } },
  ],
  ['a word for its source', InvalidSourceError, 'ERR_INVALID_SOURCE', { source: 'localhost' }],
  ['an empty source', InvalidSourceError, 'ERR_INVALID_SOURCE', { source: '' }],
  ['an address cut short', InvalidSourceError, 'ERR_INVALID_SOURCE', { source: '10.0.0' }],
  ['a source with a zone', InvalidSourceError, 'ERR_INVALID_SOURCE', { source: 'fe80::1%eth0' }],
  ['a source of no bytes', InvalidSourceError, 'ERR_INVALID_SOURCE', { source: new Uint8Array(0) }],
  [
    'a source of five bytes',
    InvalidSourceError,
    'ERR_INVALID_SOURCE',
    { source: new Uint8Array(5) },
  ],
  ['a source that is a list', InvalidSourceError, 'ERR_INVALID_SOURCE', { source: [10, 0, 0, 1] }],
  ['a source that is a number', InvalidSourceError, 'ERR_INVALID_SOURCE', { source: 10 }],
  ['null for its source', InvalidSourceError, 'ERR_INVALID_SOURCE', { source: null }],
  ['no data', InvalidEntryError, 'ERR_INVALID_ENTRY', { data: undefined }],
  ['null for its data', InvalidEntryError, 'ERR_INVALID_ENTRY', { data: null }],
  ['a number for its data', InvalidEntryError, 'ERR_INVALID_ENTRY', { data: 5 }],
  ['an object for its data', InvalidEntryError, 'ERR_INVALID_ENTRY', { data: { a: 1 } }],
  [
    'an ArrayBuffer for its data',
    InvalidEntryError,
    'ERR_INVALID_ENTRY',
    { data: new ArrayBuffer(1) },
  ],
  [
    'a DataView for its data',
    InvalidEntryError,
    'ERR_INVALID_ENTRY',
    { data: new DataView(new ArrayBuffer(1)) },
  ],
  ['words for its data', InvalidEntryError, 'ERR_INVALID_ENTRY', { data: new Uint16Array(1) }],
  ['too much data', OversizedEntryError, 'ERR_OVERSIZED_ENTRY', { data: GIBIBYTE }],
  [
    'a value that is none',
    InvalidEnumeratedValueError,
    'ERR_INVALID_ENUMERATED_VALUE',
    { enumeratedValues: { a: null } },
  ],
  [
    'a value without a name',
    InvalidEnumeratedValueError,
    'ERR_INVALID_ENUMERATED_VALUE',
    { enumeratedValues: { '': 1 } },
  ],
  [
    'a value whose name is too long',
    InvalidEnumeratedValueError,
    'ERR_INVALID_ENUMERATED_VALUE',
    { enumeratedValues: { ['x'.repeat(1025)]: 1 } },
  ],
  [
    'a value that is too long',
    InvalidEnumeratedValueError,
    'ERR_INVALID_ENUMERATED_VALUE',
    { enumeratedValues: { a: 'x'.repeat(64504) } },
  ],
  [
    'a value beyond 64 bits',
    InvalidEnumeratedValueError,
    'ERR_INVALID_ENUMERATED_VALUE',
    { enumeratedValues: { a: 2n ** 64n } },
  ],
  [
    'too many bytes of values',
    OversizedEnumeratedBlockError,
    'ERR_OVERSIZED_ENUMERATED_BLOCK',
    {
      enumeratedValues: Object.fromEntries(
        Array.from({ length: 600 }, (_, i) => [`v${i}`, 'x'.repeat(60_000)]),
      ),
    },
  ],
];

/** What a caller without types may give; each must be refused with an error of ringest's own. */
const NONSENSE: [name: string, entry: unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['text', 'entry'],
  ['a number', 7],
  ['an empty object', {}],
  ['null for its values', { ...GOOD, enumeratedValues: null }],
  ['a list of no values', { ...GOOD, enumeratedValues: ['x'] }],
];

function errorOf(act: () => unknown): RingestError {
  try {
    act();
  } catch (error) {
    return error as RingestError;
  }
  throw new Error('nothing was thrown');
}

describe('an entry that is refused', () => {
  let indexer: Indexer;
  let muxer: IngestMuxer;
  const arrived: string[] = [];
  let written = 0;

  beforeAll(async () => {
    const onEntry = ({ data }: { data: Buffer }) => {
      arrived.push(data.toString());
    };
    indexer = new Indexer({ listen: '127.0.0.1:0', secret: SECRET, onEntry });
    muxer = new IngestMuxer({
      targets: [await indexer.listen()],
      secret: SECRET,
      tags: ['test'],
      selfIngest: false,
    });
    muxer.start();
    await muxer.waitForHot();
    // Something to remember for those that remember: the last source, as bytes.
    muxer.writeEntry({ ...GOOD, source: Uint8Array.of(10, 0, 0, 1) });
    written++;
  });

  afterAll(async () => {
    await muxer.close();
    await indexer.close();
  });

  it.each(BAD)('for %s gets a %o with the code %s', (_name, kind, code, wrong) => {
    const entry = { ...GOOD, ...wrong } as EntryInput;
    const error = errorOf(() => muxer.writeEntry(entry));
    expect(error).toBeInstanceOf(kind);
    expect(error).toBeInstanceOf(RingestError);
    expect(error.code).toBe(code);
    expect(error.message.length).toBeLessThan(2000);
  });

  it.each(BAD)('for %s refuses its batch, with its index', (_name, kind, _code, wrong) => {
    const bad = { ...GOOD, ...wrong } as EntryInput;
    for (const index of [0, 1, 3]) {
      const batch: EntryInput[] = [GOOD, GOOD, GOOD, GOOD];
      batch[index] = bad;
      const error = errorOf(() => muxer.writeBatch(batch)) as BatchError;
      expect(error).toBeInstanceOf(BatchError);
      expect(error.code).toBe('ERR_BATCH');
      expect(error.index).toBe(index);
      expect(error.cause).toBeInstanceOf(kind);
    }
  });

  it.each(NONSENSE)('for being or having %s gets an error of ringest', (_name, entry) => {
    const error = errorOf(() => muxer.writeEntry(entry as EntryInput));
    expect(error).toBeInstanceOf(RingestError);
    const batch = errorOf(() => muxer.writeBatch([GOOD, entry as EntryInput]));
    expect(batch).toMatchObject({ code: 'ERR_BATCH', index: 1 });
    expect(batch.cause).toBeInstanceOf(RingestError);
  });

  it('tells the first of several by its index', () => {
    const batch = [GOOD, { ...GOOD, tag: 5 }, { ...GOOD, source: 'x' }];
    const error = errorOf(() => muxer.writeBatch(batch)) as BatchError;
    expect(error.index).toBe(1);
    expect(error.message).toContain('entry 1 cannot be written');
  });

  it('keeps the values that caused the error', () => {
    const error = (entry: Partial<EntryInput>) =>
      errorOf(() => muxer.writeEntry({ ...GOOD, ...entry }));
    expect(error({ tag: 77 })).toMatchObject({ tag: 77 });
    expect(error({ timestamp: 'never' })).toMatchObject({ input: 'never' });
    expect(error({ source: 'nowhere' })).toMatchObject({ input: 'nowhere' });
    expect(error({ data: GIBIBYTE })).toMatchObject({ bytes: 2 ** 30, limit: 2 ** 30 - 1 });
  });

  it('leaves nothing behind: what is written after it is all that arrives', async () => {
    muxer.writeEntry({ ...GOOD, data: 'after all' });
    written++;
    await muxer.sync();
    expect(arrived).toEqual(['good', 'after all']);
    expect(muxer.stats()).toMatchObject({ writtenEntries: written, backlogEntries: 0 });
  });
});

describe('an argument of a wrong kind', () => {
  let muxer: IngestMuxer;

  beforeAll(() => {
    const targets = ['tcp://127.0.0.1:1'];
    muxer = new IngestMuxer({ targets, secret: SECRET, tags: ['test'], closeTimeout: 20 });
    muxer.start();
  });

  afterAll(async () => {
    await muxer.close();
  });

  const calls: [name: string, argument: string, call: (muxer: IngestMuxer) => unknown][] = [
    ['a tag of 5 to getTag', 'name', (muxer) => muxer.getTag(any(5))],
    ['no tag to getTag', 'name', (muxer) => muxer.getTag(any(undefined))],
    ['a tag of 5 to negotiateTag', 'name', (muxer) => muxer.negotiateTag(any(5))],
    ['a tag of null to negotiateTag', 'name', (muxer) => muxer.negotiateTag(any(null))],
    ['a batch of null', 'entries', (muxer) => muxer.writeBatch(any(null))],
    ['a batch of 5', 'entries', (muxer) => muxer.writeBatch(any(5))],
    ['an entry for a batch', 'entries', (muxer) => muxer.writeBatch(any(GOOD))],
    ['a child named 5', 'name', (muxer) => muxer.registerChild(any(5), {})],
    ['a child named by a symbol', 'name', (muxer) => muxer.registerChild(any(Symbol('a')), {})],
    ['a child of null', 'state', (muxer) => muxer.registerChild('a', any(null))],
    ['a child of 5', 'state', (muxer) => muxer.registerChild('a', any(5))],
    ['a signal of 5 to sync', 'options.signal', (muxer) => muxer.sync({ signal: any(5) })],
    ['a signal of null', 'options.signal', (muxer) => muxer.barrier({ signal: any(null) })],
    [
      'a controller for a signal',
      'options.signal',
      (muxer) => muxer.waitForHot({ signal: any(new AbortController()) }),
    ],
    [
      'a signal of 5 to a write',
      'options.signal',
      (muxer) => muxer.writeEntry(GOOD, { signal: any(5) }),
    ],
    [
      'a signal of 5 to a batch',
      'options.signal',
      (muxer) => muxer.writeBatch([GOOD], { signal: any(5) }),
    ],
    ['milliseconds for options', 'options', (muxer) => muxer.sync(any(5000))],
    ['null for options', 'options', (muxer) => muxer.writeEntry(GOOD, any(null))],
  ];

  it.each(calls)('is refused, and nothing is done: %s', async (_name, argument, call) => {
    const error = await Promise.resolve()
      .then(() => call(muxer))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT', argument });
    expect((error as Error).message).toContain(`the argument ${argument} has the type`);
    expect(muxer.stats().writtenEntries).toBe(0);
    expect(muxer.knownTags()).toEqual(['test']);
  });

  function any(value: unknown): never {
    return value as never;
  }
});

describe('a muxer that does not run', () => {
  const calls: [name: string, call: (muxer: IngestMuxer) => unknown][] = [
    ['writeEntry', (muxer) => muxer.writeEntry(GOOD)],
    ['writeBatch', (muxer) => muxer.writeBatch([GOOD])],
    ['an empty writeBatch', (muxer) => muxer.writeBatch([])],
    ['write', (muxer) => muxer.write(0, 0, 'x')],
    ['sync', (muxer) => muxer.sync()],
    ['waitForHot', (muxer) => muxer.waitForHot()],
  ];

  it.each(calls)('refuses %s before it is started', async (_name, call) => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    const error = await Promise.resolve()
      .then(() => call(muxer))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NotRunningError);
    expect(error).toMatchObject({ code: 'ERR_NOT_RUNNING' });
    expect((error as Error).message).toContain('not started');
  });

  it.each(calls)('refuses %s once it is closed', async (_name, call) => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    await muxer.close();
    const error = await Promise.resolve()
      .then(() => call(muxer))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NotRunningError);
    expect((error as Error).message).toContain('closed');
  });

  it('cannot be started again', async () => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    await muxer.close();
    expect(() => muxer.start()).toThrow(NotRunningError);
  });
});
