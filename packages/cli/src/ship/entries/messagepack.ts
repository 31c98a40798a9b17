/** Where the search for the end of a value in MessagePack goes on. */
export interface Walk {
  /** Bytes from the beginning of the value to the next head that is to be looked at. */
  readonly at: number;
  /** How many values are still to come, with those in lists and maps. */
  readonly left: number;
}

/** Bytes behind the head of a value, and values in it. */
interface Head {
  readonly bytes: number;
  readonly values: number;
}

/** The walk of a value that nothing is known of. */
export const WALK_START: Walk = { at: 0, left: 1 };

/** The one byte that begins no value. */
const NEVER_USED = 0xc1;

/**
 * Walks from head to head of a value, without reading what it is.
 * @param from where the value begins. What is behind it may be there in part only
 * @returns how far it came, and whether the value is whole; `undefined`: it is no MessagePack
 */
export function walkValue(
  bytes: Buffer,
  from: number,
  { at: begin, left: before }: Walk,
): (Walk & { readonly isWhole: boolean }) | undefined {
  let [at, left] = [begin, before];
  while (left > 0 && from + at < bytes.length) {
    if (bytes[from + at] === NEVER_USED) return undefined;
    const head = headAt(bytes, from + at);
    if (head === undefined) break;
    at += head.bytes;
    left += head.values - 1;
  }
  return { at, left, isWhole: left === 0 && from + at <= bytes.length };
}

/** What the head of a value says; `undefined`: not all of it is there. */
function headAt(bytes: Buffer, at: number): Head | undefined {
  const type = bytes[at] as number;
  if (type < 0x80 || type >= 0xe0) return scalar(1);
  if (type < 0x90) return { bytes: 1, values: 2 * (type & 0x0f) };
  if (type < 0xa0) return { bytes: 1, values: type & 0x0f };
  if (type < 0xc0) return scalar(1 + (type & 0x1f));
  const fixed = FIXED.get(type);
  if (fixed !== undefined) return scalar(fixed);
  const [size, more = 0] = SIZED.get(type) as readonly [number, number?];
  if (at + 1 + size > bytes.length) return undefined;
  const length = bytes.readUIntBE(at + 1, size);
  if (type < 0xdc) return scalar(1 + size + more + length);
  return { bytes: 1 + size, values: type < 0xde ? length : 2 * length };
}

const scalar = (bytes: number): Head => ({ bytes, values: 0 });

/** Types of values whose length follows from the type: their bytes with the head. */
const FIXED: ReadonlyMap<number, number> = new Map([
  // nil, false, true
  [0xc0, 1],
  [0xc2, 1],
  [0xc3, 1],
  // float 32 and 64
  [0xca, 5],
  [0xcb, 9],
  // uint 8 to 64, int 8 to 64
  [0xcc, 2],
  [0xcd, 3],
  [0xce, 5],
  [0xcf, 9],
  [0xd0, 2],
  [0xd1, 3],
  [0xd2, 5],
  [0xd3, 9],
  // fixext 1 to 16, which have a type
  [0xd4, 3],
  [0xd5, 4],
  [0xd6, 6],
  [0xd7, 10],
  [0xd8, 18],
]);

/** Types of values whose head has a length: the bytes of that, and those behind it that it does not count. */
const SIZED: ReadonlyMap<number, readonly [size: number, more?: number]> = new Map<
  number,
  readonly [number, number?]
>([
  // bin 8 to 32
  [0xc4, [1]],
  [0xc5, [2]],
  [0xc6, [4]],
  // ext 8 to 32, which have a type
  [0xc7, [1, 1]],
  [0xc8, [2, 1]],
  [0xc9, [4, 1]],
  // str 8 to 32
  [0xd9, [1]],
  [0xda, [2]],
  [0xdb, [4]],
  // array 16 and 32, map 16 and 32
  [0xdc, [2]],
  [0xdd, [4]],
  [0xde, [2]],
  [0xdf, [4]],
]);
