import { type EnumeratedInputs, EnumeratedType, EnumeratedValue } from '@ringest/codec';
import fc from 'fast-check';

/** Seconds and nanoseconds over all that a timestamp holds. */
export const anyTime = fc.record({
  seconds: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -62135596800, max: 253402300799 })),
  nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
});

/** The bytes of an address. */
export const anyAddress = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);

/** Text of any UTF-16 code units, lone surrogates too. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const inputs: { [T in EnumeratedType]: fc.Arbitrary<EnumeratedInputs[T]> } = {
  [EnumeratedType.byteSlice]: fc.uint8Array(),
  [EnumeratedType.bool]: fc.boolean(),
  [EnumeratedType.uint8]: fc.integer({ min: 0, max: 255 }),
  [EnumeratedType.int8]: fc.integer({ min: -128, max: 127 }),
  [EnumeratedType.int16]: fc.integer({ min: -32768, max: 32767 }),
  [EnumeratedType.uint16]: fc.integer({ min: 0, max: 65535 }),
  [EnumeratedType.int32]: fc.integer(),
  [EnumeratedType.uint32]: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  [EnumeratedType.int64]: int64,
  [EnumeratedType.uint64]: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  [EnumeratedType.float32]: fc.float(),
  [EnumeratedType.float64]: fc.double(),
  [EnumeratedType.string]: anyText,
  [EnumeratedType.mac]: fc
    .array(fc.uint8Array({ minLength: 2, maxLength: 2 }), { maxLength: 10 })
    .map((pairs) => Buffer.concat(pairs)),
  [EnumeratedType.ip]: anyAddress,
  [EnumeratedType.timestamp]: anyTime,
  [EnumeratedType.duration]: int64,
};

/** A type, and something that a value of it can be made from. */
export const anyTypedInput = fc
  .constantFrom(...Object.values(EnumeratedType))
  .chain((type) => (inputs[type] as fc.Arbitrary<unknown>).map((input) => ({ type, input })));

const anyName = anyText.filter((name) => name !== '' && Buffer.byteLength(name) <= 1024);

export const anyEnumeratedValue = fc
  .record({ name: anyName, typed: anyTypedInput })
  .map(({ name, typed: { type, input } }) => EnumeratedValue.of(name, type, input as never));

/** Bytes that a peer might send: any at all, and good ones with a few bytes changed, cut or added. */
export function hostileBytes(good: Uint8Array): fc.Arbitrary<Buffer> {
  const changes = fc.array(
    fc.tuple(fc.nat({ max: Math.max(0, good.length - 1) }), fc.integer({ min: 0, max: 255 })),
    { maxLength: 4 },
  );
  const damaged = fc
    .record({ changes, end: fc.nat({ max: good.length }), tail: fc.uint8Array({ maxLength: 8 }) })
    .map(({ changes, end, tail }) => {
      const bytes = Buffer.from(good);
      for (const [offset, byte] of changes) bytes[offset] = byte;
      return end % 2 === 0 ? bytes : Buffer.concat([bytes.subarray(0, end), tail]);
    });
  return fc.oneof(
    fc.uint8Array({ maxLength: 256 }).map((bytes) => Buffer.from(bytes)),
    damaged,
  );
}
