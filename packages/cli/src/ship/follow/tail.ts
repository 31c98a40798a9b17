import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { InputError } from '../../errors.js';
import type { FileStatus } from '../../status/status-reply.js';
import type { EntryStream } from '../entries/entry-account.js';
import type { Anchor } from './anchor.js';
import { type FileIdentity, identityOf, keyOf } from './file-identity.js';
import type { FileState } from './follow-state.js';

/** What a look at a file has found. */
export type Look =
  | { readonly kind: 'nothing new' }
  /** More may be there. */
  | { readonly kind: 'read'; readonly bytes: number }
  /** It was truncated, and may have been written anew since. */
  | { readonly kind: 'truncated' }
  /** What it has from here on cannot be divided into entries. */
  | { readonly kind: 'unreadable'; readonly problem: string };

/** How much of two files is compared to see whether one is the beginning of a copy. */
const BEGINNING_BYTES = 1024;

/**
 * A file that has changed this lately may change once more and have the same time of change: clocks of file
 * systems have steps, of milliseconds to a second.
 */
const CLOCK_STEP_MS = 2000;

const NOTHING_NEW: Look = { kind: 'nothing new' };
const TRUNCATED: Look = { kind: 'truncated' };

/** An open file that is read as it grows. */
export class Tail {
  /** The input that it belongs to: a path or a pattern. */
  readonly input: string;
  /** Where it was seen last. */
  path: string;
  /** Whether its path leads elsewhere now: it was removed, or renamed to what nobody asked for. */
  isGone = false;
  /** Whether nothing more is read of it, because of what it has in it. */
  #isUnreadable = false;
  readonly stream: EntryStream;
  /** When it had something new last, by `performance.now()`. */
  #lastNews = performance.now();
  /** How long it had nothing new, as of the last look; `undefined`: it had. */
  #quietMs: number | undefined;
  #identity: FileIdentity;
  #file: FileHandle;
  /** When it was changed, as of the last look that found all of it read. */
  #changed = -1n;
  /** Its bytes, as of the last look. */
  #size = 0;
  /** Where the next byte is to be read. */
  #read: Anchor;
  /** Where entries end that were written. Behind it stands the beginning of one, which is not complete. */
  #written: Anchor;
  /** What an indexer has confirmed. */
  #confirmed: Anchor;
  /** What a restart would know to be confirmed. */
  #kept: Anchor;

  /** Begins to read a file behind an anchor, which stands in it. */
  constructor(input: string, path: string, opened: Opened, anchor: Anchor, stream: EntryStream) {
    this.input = input;
    this.path = path;
    this.stream = stream;
    this.#file = opened.file;
    this.#identity = opened.identity;
    this.#read = anchor;
    this.#written = anchor;
    this.#confirmed = anchor;
    this.#kept = anchor;
  }

  get key(): string {
    return keyOf(this.#identity);
  }

  get read(): Anchor {
    return this.#read;
  }

  get written(): Anchor {
    return this.#written;
  }

  /** Whether a part of an entry was read. */
  get hasUnfinished(): boolean {
    return this.#read.offset > this.#written.offset && !this.#isUnreadable;
  }

  get isConfirmed(): boolean {
    return this.#confirmed === this.#written;
  }

  /**
   * Whether the last look has found nothing new for so long. The time alone does not say that: it goes on
   * while confirmations are waited for, and nobody looks.
   */
  wasQuietFor(milliseconds: number): boolean {
    return this.#quietMs !== undefined && this.#quietMs >= milliseconds;
  }

  /** From now on it has to be quiet once more. */
  countQuietAnew(): void {
    this.#lastNews = performance.now();
    this.#quietMs = undefined;
  }

  /** Bytes that were read, and would be read again after a restart. */
  get bytesAhead(): number {
    return this.#read.offset - this.#kept.offset;
  }

  /**
   * Reads what is new, as far as it fits in the buffer, and makes entries of it. What was read counts only
   * if the file has the same bytes before it as ever.
   */
  async look(buffer: Buffer): Promise<Look> {
    const { offset } = this.#read;
    const quietMs = performance.now() - this.#lastNews;
    const latest = BigInt(Date.now() - CLOCK_STEP_MS) * 1_000_000n;
    const { size, ctimeNs } = await this.#file.stat({ bigint: true });
    this.#size = Number(size);
    if (size < offset) return TRUNCATED;
    const isRead = size === BigInt(offset);
    if (this.#isUnreadable) {
      this.#quietMs = quietMs;
      return NOTHING_NEW;
    }
    this.#quietMs = isRead ? quietMs : undefined;
    if (isRead && ctimeNs === this.#changed) return NOTHING_NEW;
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, offset);
    if (!(await this.#read.isIn(this.#file))) return TRUNCATED;
    if (isRead && ctimeNs < latest) this.#changed = ctimeNs;
    if (bytesRead === 0) return NOTHING_NEW;
    this.#quietMs = undefined;
    try {
      await this.#write(buffer.subarray(0, bytesRead));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#isUnreadable = true;
      return { kind: 'unreadable', problem: error.message };
    } finally {
      this.#lastNews = performance.now();
    }
    return { kind: 'read', bytes: bytesRead };
  }

  /** Makes an entry of what was read of one: the file has been quiet, or nothing more will come. */
  async finishEntry(): Promise<void> {
    if (!this.hasUnfinished) return;
    const room = this.stream.end();
    this.#written = this.#read;
    await room;
  }

  /** Goes on in another file, which has the same bytes up to here. */
  async goOnIn(path: string, { file, identity }: Opened): Promise<void> {
    const before = this.#file;
    this.path = path;
    this.#file = file;
    this.#identity = identity;
    this.#changed = -1n;
    this.countQuietAnew();
    await before.close();
  }

  /** Whether another file begins as this one does, as far as it goes and this looks. */
  async beginsAs({ file, size }: Opened): Promise<boolean> {
    const length = Math.min(size, BEGINNING_BYTES);
    const [own, other] = [Buffer.alloc(length), Buffer.alloc(length)];
    await this.#file.read(own, 0, length, 0);
    await file.read(other, 0, length, 0);
    return own.equals(other);
  }

  /** What is to be confirmed next. @returns what takes its confirmation */
  mark(): () => void {
    const written = this.#written;
    return () => {
      this.#confirmed = written;
    };
  }

  /** How far it is confirmed, for a restart. @returns what takes that it is kept */
  keep(): () => void {
    const confirmed = this.#confirmed;
    return () => {
      this.#kept = confirmed;
    };
  }

  /** How far it is confirmed. */
  state(): FileState {
    const { offset } = this.#confirmed;
    const { input, path } = this;
    return { input, path, ...this.#identity, offset, anchor: this.#confirmed.stored() };
  }

  /** How far it is read and confirmed. */
  status(): FileStatus {
    const [read, confirmed] = [this.#read.offset, this.#confirmed.offset];
    return { path: this.path, size: this.#size, read, confirmed };
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #write(chunk: Buffer): Promise<void> {
    const before = this.#read;
    const room = this.stream.write(chunk);
    this.#read = before.after(chunk);
    const complete = chunk.length - this.stream.stats().unfinishedBytes;
    // Else the entry has begun in an earlier chunk, and goes on.
    if (complete > 0) this.#written = before.after(chunk.subarray(0, complete));
    await room;
  }
}

/** An open file, and which one it is. */
export interface Opened {
  readonly file: FileHandle;
  readonly identity: FileIdentity;
  readonly size: number;
}

/** Opens a regular file; `undefined`: it is gone by now, or is none. */
export async function openFile(path: string): Promise<Opened | undefined> {
  let file: FileHandle;
  try {
    // Without the flag, it would wait for somebody to write to a pipe.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const stats = await file.stat({ bigint: true });
  if (stats.isFile()) return { file, identity: identityOf(stats), size: Number(stats.size) };
  await file.close();
  return undefined;
}
