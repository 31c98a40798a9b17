import { Timestamp } from '@ringest/core';

/** The ways in which a program writes entries. */
export const WRITE_PATHS = ['writeEntry', 'writeBatch', 'packed', 'lines'];

/** Those that write many entries by one call. */
export const MANY_PATHS = WRITE_PATHS.slice(1);

/** Ends lines in which any bytes may be. Its first byte comes only once: nothing before it belongs to it. */
const DELIMITER = Buffer.from('ff72696e676573742d6c696e652dfe0a', 'hex');
const MOST_BYTES = 2 ** 30 - 1;

/**
 * Writes entries, in order, by one of the ways. Packed entries and lines have one source and no values of
 * their own, and lines one tag: where that changes between entries, a new call begins, and entries with
 * values are written alone.
 */
export function writeBy(path, muxer, entries, options) {
  if (path === 'writeBatch') return muxer.writeBatch(entries, options);
  const waits = [];
  for (const group of path === 'writeEntry'
    ? entries.map((one) => [one])
    : groupsOf(path, entries)) {
    const wait = writeGroup(path, muxer, group, options);
    if (wait !== undefined && waits.at(-1) !== wait) waits.push(wait);
  }
  return waits.length > 1 ? Promise.all(waits).then(() => {}) : waits[0];
}

function writeGroup(path, muxer, group, options) {
  const [first] = group;
  if (path === 'writeEntry' || first.enumeratedValues !== undefined) {
    return muxer.writeEntry(first, options);
  }
  return path === 'packed' ? writePacked(muxer, group, options) : writeLines(muxer, group, options);
}

function groupsOf(path, entries) {
  const groups = [];
  for (const entry of entries) {
    const last = groups.at(-1)?.[0];
    const goesTogether =
      last !== undefined &&
      last.enumeratedValues === undefined &&
      entry.enumeratedValues === undefined &&
      last.source === entry.source &&
      (path === 'packed' || last.tag === entry.tag);
    if (goesTogether) groups.at(-1).push(entry);
    else groups.push([entry]);
  }
  return groups;
}

/** What they have in common is given once, and the rest in columns. */
function writePacked(muxer, group, options) {
  const [{ tag, source }] = group;
  const bodies = group.map(({ data }) => Buffer.from(data));
  const offsets = new Uint32Array(bodies.length + 1);
  for (const [i, { length }] of bodies.entries()) offsets[i + 1] = offsets[i] + length;
  const times = group.map(({ timestamp }) => Timestamp.from(timestamp));
  const isOneTag = group.every((one) => one.tag === tag);
  return muxer.writePacked(Buffer.concat(bodies), offsets, {
    ...options,
    ...(isOneTag ? { tag } : { tags: Uint16Array.from(group, (one) => one.tag) }),
    timestamps: {
      seconds: Float64Array.from(times, ({ seconds }) => seconds),
      nanoseconds: Uint32Array.from(times, ({ nanoseconds }) => nanoseconds),
    },
    ...(source !== undefined && { source }),
  });
}

function writeLines(muxer, group, options) {
  const [{ tag, source }] = group;
  const times = new Map();
  const bodies = [];
  let at = 0;
  for (const { data, timestamp } of group) {
    const body = Buffer.from(data);
    if (body.includes(DELIMITER)) throw new Error('the data has the delimiter of lines in it');
    times.set(at, timestamp);
    bodies.push(body, DELIMITER);
    at += body.length + DELIMITER.length;
  }
  const writer = muxer.lineWriter({
    tag,
    ...(source !== undefined && { source }),
    delimiter: DELIMITER,
    keepEmpty: true,
    maxLineBytes: MOST_BYTES,
    timestamp: (_chunk, from) => times.get(from),
    onRefused: (error) => {
      throw error;
    },
  });
  return writer.write(Buffer.concat(bodies), options);
}
