import { Source } from '@ringest/codec';
import type { IngestMuxer } from '@ringest/core';
import type { Content } from '../contents/content.js';
import { EntrySource, type LoadEntry } from '../contents/entry-source.js';

const START = { seconds: 1_700_000_000, nanoseconds: 0 };
const SOURCE = Source.parse('127.0.0.1');
const LINE_END = Buffer.from('\n');
/** Bytes of lines that come at once, as from a file or socket. */
const READ_BYTES = 65536;

/** What a way of writing needs to know. */
interface Chunks {
  readonly target: WriteTarget;
  /** One chunk, which is written over and over. */
  readonly entries: readonly LoadEntry[];
  /** Returns what to wait for before the next write. */
  readonly pauseFor: (written: Promise<void>) => Promise<void> | undefined;
}

/** What is written to. */
type WriteTarget = Pick<IngestMuxer, 'writeEntry' | 'writeBatch' | 'writePacked' | 'lineWriter'>;

/** Writes a chunk of entries. Returns what to wait for before the next one. */
export type WriteChunk = () => Promise<void> | undefined;

/** The ways to write that are measured beside each other. */
export const WRITERS = {
  writeEntry({ target, entries, pauseFor }) {
    return async () => {
      for (const entry of entries) {
        const written = target.writeEntry(entry);
        const wait = written && pauseFor(written);
        if (wait) await wait;
      }
    };
  },
  writeBatch({ target, entries, pauseFor }) {
    return () => {
      const written = target.writeBatch(entries);
      return written && pauseFor(written);
    };
  },
  lines({ target, entries, pauseFor }) {
    const writer = target.lineWriter({ tag: tagOf(entries), source: SOURCE });
    const lines = Buffer.concat(entries.flatMap(({ data }) => [data, LINE_END]));
    const chunks = Array.from({ length: Math.ceil(lines.length / READ_BYTES) }, (_, i) =>
      lines.subarray(i * READ_BYTES, (i + 1) * READ_BYTES),
    );
    return async () => {
      for (const chunk of chunks) {
        const written = writer.write(chunk);
        const wait = written && pauseFor(written);
        if (wait) await wait;
      }
    };
  },
  packed({ target, entries, pauseFor }) {
    const bytes = Buffer.concat(entries.map(({ data }) => data));
    const offsets = new Uint32Array(entries.length + 1);
    for (const [i, { data }] of entries.entries()) {
      offsets[i + 1] = (offsets[i] as number) + data.length;
    }
    const options = { tag: tagOf(entries), timestamp: START, source: SOURCE };
    return () => {
      const written = target.writePacked(bytes, offsets, options);
      return written && pauseFor(written);
    };
  },
} as const satisfies Readonly<Record<string, (chunks: Chunks) => WriteChunk>>;

function tagOf([entry]: readonly LoadEntry[]): number {
  return entry?.tag ?? 0;
}

export type WritePath = keyof typeof WRITERS;

/** In the order in which they are shown. */
export const WRITE_PATHS = Object.keys(WRITERS) as readonly WritePath[];

/** Entries that are made before anything is measured. */
export interface ChunkOptions {
  readonly tag: number;
  readonly entryBytes: number;
  readonly write: WritePath;
  /** How many they are. */
  readonly batch: number;
  /** `undefined`: lines that are alike. */
  readonly content?: Content | undefined;
}

export function chunkOf(options: ChunkOptions): readonly LoadEntry[] {
  const { tag, entryBytes, write, batch, content } = options;
  const source = new EntrySource({
    seed: 1,
    entryBytes,
    tags: [tag],
    source: SOURCE,
    startSeconds: START.seconds,
    batch: write === 'writeBatch' ? batch : 0,
    ...(content ? { content, varied: true } : { content: 'lines' }),
  });
  return Array.from({ length: batch }, (_, i) => source.entry(i));
}
