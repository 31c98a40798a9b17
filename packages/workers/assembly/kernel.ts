/**
 * The ring kernel: all that is done per entry to the bytes of a ring. Each thread instantiates it
 * over the lane's shared memory. `src/ring/kernel.ts` says what its functions promise,
 * `src/ring/memory-layout.ts` where things lie in that memory. Pointers are byte addresses; frames are not
 * aligned, and a frame that begins before `end` is wholly there.
 */

const NEW_ENTRY: u32 = 0xc7c95acb;
const CONFIRM_ENTRY: u32 = 0xf6e0307e;
const CONFIRM_BYTES: u32 = 12;
const WIRE_EPOCH_OFFSET: i64 = 62135596800;
const FRAME_BYTES: u32 = 46;
const LENGTH_MASK: u32 = 0x3fffffff;
const FLAG_IPV4: u32 = 0x80000000;
const FLAG_VALUES: u32 = 0x40000000;
const GRAVWELL_TAG: u32 = 0xffff;
const UNKNOWN_TAG: u32 = 0xffff;

const LENGTH: u32 = 4;
const SECONDS: u32 = 8;
const NANOSECONDS: u32 = 16;
const TAG: u32 = 20;
const SOURCE: u32 = 22;
const ID: u32 = 38;

const ID_UNSTAMPED: u64 = 0;
const ID_UNSTAMPED_NO_SOURCE: u64 = u64.MAX_VALUE;

let localLow: u64 = 0;
let localHigh: u64 = 0;
let localFlag: u32 = 0;
let id: u64 = 1;
let stopFlags: u32 = 0;
let walkedFrames: u32 = 0;
let lastTouched: u32 = 0;
let laidFrames: u32 = 0;
let splitTo: u32 = 0;

// memory.copy is a call out of WebAssembly, which costs as much as moving some hundred bytes here.
// @ts-expect-error: decorator
@inline
function copy(to: u32, from: u32, length: u32): void {
  if (length > 512) {
    memory.copy(to, from, length);
    return;
  }
  const end = from + length;
  while (from + 64 <= end) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
    from += 64;
    to += 64;
  }
  while (from + 16 <= end) {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  }
  if (length >= 16) {
    const back = 16 - (end - from);
    v128.store(to - back, v128.load(from - back));
    return;
  }
  if (length & 8) {
    store<u64>(to, load<u64>(from));
    from += 8;
    to += 8;
  }
  if (length & 4) {
    store<u32>(to, load<u32>(from));
    from += 4;
    to += 4;
  }
  if (length & 2) {
    store<u16>(to, load<u16>(from));
    from += 2;
    to += 2;
  }
  if (length & 1) store<u8>(to, load<u8>(from));
}

// A record: one entry on its way into the ring.
const RECORD_BYTES: u32 = 32;
const R_BODY: u32 = 0;
const R_BODY_BYTES: u32 = 4;
const R_LENGTH: u32 = 8;
const R_TAG: u32 = 12;
const R_SECONDS: u32 = 16;
const R_NANOSECONDS: u32 = 24;
const R_SOURCE: u32 = 28;

export function lay(
  records: u32,
  count: u32,
  to: u32,
  end: u32,
  tail: u32,
  tailBytes: u32,
): u32 {
  let at = to;
  let record = records;
  const last = records + count * RECORD_BYTES;
  for (; record < last; record += RECORD_BYTES) {
    const bodyBytes = load<u32>(record + R_BODY_BYTES);
    const next = at + FRAME_BYTES + bodyBytes + tailBytes;
    if (next > end) break;
    store<u32>(at, NEW_ENTRY);
    store<u32>(at + LENGTH, load<u32>(record + R_LENGTH));
    store<i64>(at + SECONDS, <i64>load<f64>(record + R_SECONDS) + WIRE_EPOCH_OFFSET);
    store<u32>(at + NANOSECONDS, load<u32>(record + R_NANOSECONDS));
    store<u16>(at + TAG, load<u16>(record + R_TAG));
    const source = load<u32>(record + R_SOURCE);
    if (source) {
      store<u64>(at + SOURCE, load<u64>(source));
      store<u64>(at + SOURCE + 8, load<u64>(source, 8));
      store<u64>(at + ID, ID_UNSTAMPED);
    } else {
      store<u64>(at + SOURCE, 0);
      store<u64>(at + SOURCE + 8, 0);
      store<u64>(at + ID, ID_UNSTAMPED_NO_SOURCE);
    }
    const body = load<u32>(record + R_BODY);
    if (body) copy(at + FRAME_BYTES, body, bodyBytes);
    if (tailBytes) copy(at + FRAME_BYTES + bodyBytes, tail, tailBytes);
    at = next;
  }
  laidFrames = (record - records) / RECORD_BYTES;
  return at;
}

export function laid(): u32 {
  return laidFrames;
}

const LINE_FEED: u32 = 10;
const CARRIAGE_RETURN: u32 = 13;

// The first byte of the next delimiter, or `end`.
// @ts-ignore: decorator
@inline
function findDelimiter(from: u32, end: u32, delimiter: u32, delimiterBytes: u32): u32 {
  const first = load<u8>(delimiter);
  const pattern = i8x16.splat(<i8>first);
  let at = from;
  while (at + delimiterBytes <= end) {
    while (at + 64 <= end) {
      const one = v128.or(
        i8x16.eq(v128.load(at), pattern),
        i8x16.eq(v128.load(at, 16), pattern),
      );
      const other = v128.or(
        i8x16.eq(v128.load(at, 32), pattern),
        i8x16.eq(v128.load(at, 48), pattern),
      );
      if (v128.any_true(v128.or(one, other))) break;
      at += 64;
    }
    while (at + 16 <= end) {
      const found = i8x16.bitmask(i8x16.eq(v128.load(at), pattern));
      if (found) {
        at += ctz(found);
        break;
      }
      at += 16;
    }
    while (at < end && load<u8>(at) != first) at++;
    if (at + delimiterBytes > end) break;
    let same: u32 = 1;
    while (same < delimiterBytes && load<u8>(at + same) == load<u8>(delimiter + same)) same++;
    if (same == delimiterBytes) return at;
    at++;
  }
  return end;
}

export function split(
  from: u32,
  end: u32,
  delimiter: u32,
  delimiterBytes: u32,
  keepsEmpty: bool,
  mostBytes: u32,
  records: u32,
  most: u32,
): u32 {
  const isLineFeed = delimiterBytes == 1 && load<u8>(delimiter) == LINE_FEED;
  const length = load<u32>(records + R_LENGTH);
  const tag = load<u32>(records + R_TAG);
  const seconds = load<u64>(records + R_SECONDS);
  const nanosecondsAndSource = load<u64>(records + R_NANOSECONDS);
  let record = records;
  const last = records + most * RECORD_BYTES;
  let at = from;
  while (record < last) {
    const found = findDelimiter(at, end, delimiter, delimiterBytes);
    if (found == end) break;
    let bytes = found - at;
    if (isLineFeed && bytes && load<u8>(found - 1) == CARRIAGE_RETURN) bytes--;
    if (bytes > mostBytes) break;
    if (bytes || keepsEmpty) {
      store<u32>(record + R_BODY, at);
      store<u32>(record + R_BODY_BYTES, bytes);
      store<u32>(record + R_LENGTH, length | bytes);
      store<u32>(record + R_TAG, tag);
      store<u64>(record + R_SECONDS, seconds);
      store<u64>(record + R_NANOSECONDS, nanosecondsAndSource);
      record += RECORD_BYTES;
    }
    at = found + delimiterBytes;
  }
  splitTo = at;
  return (record - records) / RECORD_BYTES;
}

export function splitEnd(): u32 {
  return splitTo;
}

// @ts-expect-error: decorator
@inline
function frameBytes(at: u32): u32 {
  const word = load<u32>(at + LENGTH);
  const size = FRAME_BYTES + (word & LENGTH_MASK);
  return word & FLAG_VALUES ? size + load<u32>(at + size) : size;
}

// Fewer than four bytes before the end of the ring are a pad, and may end the memory.
// @ts-ignore: decorator
@inline
function isFrame(at: u32, end: u32): bool {
  return at + 4 <= end && load<u32>(at) == NEW_ENTRY;
}

// The bytes of a frame that is wholly before `end`; else 0: its lengths were overwritten.
// @ts-ignore: decorator
@inline
function wholeFrameBytes(at: u32, end: u32): u32 {
  const left = end - at;
  if (left < FRAME_BYTES) return 0;
  const word = load<u32>(at + LENGTH);
  const size = FRAME_BYTES + (word & LENGTH_MASK);
  if (size > left) return 0;
  if (!(word & FLAG_VALUES)) return size;
  if (size + 4 > left) return 0;
  const values = load<u32>(at + size);
  return values <= left - size ? size + values : 0;
}

export function setLocalSource(w0: u32, w1: u32, w2: u32, w3: u32, isIPv4: bool): void {
  localLow = <u64>w0 | (<u64>w1 << 32);
  localHigh = <u64>w2 | (<u64>w3 << 32);
  localFlag = isIPv4 ? FLAG_IPV4 : 0;
}

export function setNextId(next: f64): void {
  id = <u64>next;
}

export function nextId(): f64 {
  return <f64>id;
}

export function setTakesValues(takes: bool): void {
  stopFlags = takes ? 0 : FLAG_VALUES;
}

export function stamp(from: u32, end: u32, toIndexer: u32): u32 {
  let at = from;
  let touched: u32 = 0;
  while (isFrame(at, end)) {
    // Headers lie in the other core's cache, and the chain of lengths hides them from the
    // prefetcher: touching where the eighth next header is, if frames are alike, halves the cost
    // (from 125 to 53 ns a frame at 256 bytes, from 70 to 36 at 1024; 8 at 64 either way).
    const size = frameBytes(at);
    const ahead = at + 8 * size;
    if (ahead + FRAME_BYTES <= end) touched |= load<u8>(ahead) | load<u8>(ahead + FRAME_BYTES - 1);
    const tag = <u32>load<u16>(at + TAG);
    const indexerTag = <u32>load<u16>(toIndexer + (tag << 1));
    if (indexerTag == UNKNOWN_TAG && tag != GRAVWELL_TAG) break;
    if (load<u32>(at + LENGTH) & stopFlags) break;
    if (load<u64>(at + ID) == ID_UNSTAMPED_NO_SOURCE) {
      store<u32>(at + LENGTH, load<u32>(at + LENGTH) | localFlag);
      store<u64>(at + SOURCE, localLow);
      store<u64>(at + SOURCE + 8, localHigh);
    }
    store<u16>(at + TAG, <u16>indexerTag);
    store<u64>(at + ID, id++);
    at += size;
  }
  lastTouched = touched;
  return at;
}

export function unstamp(from: u32, end: u32, toMuxer: u32): u32 {
  let at = from;
  while (isFrame(at, end)) {
    const size = wholeFrameBytes(at, end);
    if (!size) break;
    const stamped = load<u64>(at + ID);
    if (stamped != ID_UNSTAMPED && stamped != ID_UNSTAMPED_NO_SOURCE) {
      const indexerTag = <u32>load<u16>(at + TAG);
      store<u16>(at + TAG, load<u16>(toMuxer + (indexerTag << 1)));
      store<u64>(at + ID, ID_UNSTAMPED);
    }
    at += size;
  }
  return at;
}

export function walk(from: u32, end: u32, most: u32): u32 {
  let at = from;
  let left = most;
  while (left && isFrame(at, end)) {
    const size = wholeFrameBytes(at, end);
    if (!size) break;
    at += size;
    left--;
  }
  walkedFrames = most - left;
  return at;
}

export function walkRun(from: u32, end: u32, limit: u32): u32 {
  let at = from;
  let touched: u32 = 0;
  let count: u32 = 0;
  if (isFrame(at, end)) {
    const tag = load<u16>(at + TAG);
    do {
      // As in `stamp`: the frames lie in the other core's cache.
      const size = frameBytes(at);
      const ahead = at + 8 * size;
      if (ahead + FRAME_BYTES <= end) touched |= load<u8>(ahead) | load<u8>(ahead + FRAME_BYTES - 1);
      if (count && at + size > limit) break;
      at += size;
      count++;
    } while (isFrame(at, end) && load<u16>(at + TAG) == tag);
  }
  walkedFrames = count;
  lastTouched = touched;
  return at;
}

export function walked(): u32 {
  return walkedFrames;
}

export function countConfirmations(from: u32, end: u32, expected: f64): u32 {
  let next = <u64>expected;
  let at = from;
  while (
    at + CONFIRM_BYTES <= end &&
    load<u32>(at) == CONFIRM_ENTRY &&
    load<u64>(at + 4) == next
  ) {
    at += CONFIRM_BYTES;
    next++;
  }
  return <u32>(next - <u64>expected);
}
