import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FileStatus } from '../../status/status-reply.js';
import type { EntryAccount, EntryStream } from '../entries/entry-account.js';
import { matches } from '../inputs.js';
import { Anchor } from './anchor.js';
import { Confirmations } from './confirmations.js';
import { Copies } from './copies.js';
import { fileAt, keyOf } from './file-identity.js';
import { findCopy, findKeptCopy, findSame } from './find-file.js';
import { type FileState, readState } from './follow-state.js';
import { type Opened, openFile, Tail } from './tail.js';
import { orAborted, whileWaiting } from './waits.js';

/** How files are followed. */
export interface FollowOptions {
  /** Paths and patterns of files. They need not be there yet. */
  readonly inputs: readonly string[];
  /** Where it is kept how far files are confirmed; `undefined`: nowhere. */
  readonly statePath: string | undefined;
  /** Whether files that are there at the start, and that no state knows, are read from their ends on. */
  readonly fromEnd: boolean;
  /** Milliseconds between two looks at files that had nothing new. */
  readonly pollMs: number;
  /** Milliseconds without news after which the last entry of a file counts as complete. */
  readonly quietMs: number;
  /** The most bytes that are read ahead of confirmations. */
  readonly maxAheadBytes: number;
}

/** What followed files are read into. */
export interface FollowHost {
  readonly account: EntryAccount;
  /** What makes entries of the bytes of a file that belongs to an input. */
  readonly openStream: (input: string) => EntryStream;
  /** Resolves once all that was written before is confirmed. */
  readonly confirmed: () => Promise<void>;
  readonly say: (line: string) => void;
  /** Something went wrong with a file, which does not end the others. */
  readonly problem: (text: string) => void;
}

/** Bytes to read at once. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads files as they grow, whatever their names become: renamed, truncated after a copy was made, or
 * removed and made anew.
 */
export class Follower {
  readonly #options: FollowOptions;
  readonly #host: FollowHost;
  /** The files that are read, by their keys. */
  readonly #tails = new Map<string, Tail>();
  /** Files that are read to their ends, of which not all is confirmed. */
  readonly #ended = new Set<Tail>();
  readonly #copies: Copies;
  /** Paths that cannot be opened, which is said once. */
  readonly #unreadable = new Set<string>();
  readonly #confirmations: Confirmations;
  readonly #buffer: Buffer;
  #isFirstScan = true;

  constructor(options: FollowOptions, host: FollowHost) {
    this.#options = options;
    this.#host = host;
    this.#copies = new Copies(options.quietMs);
    this.#buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, options.maxAheadBytes));
    this.#confirmations = new Confirmations({
      tails: () => [...this.#tails.values(), ...this.#ended],
      confirmed: host.confirmed,
      statePath: options.statePath,
    });
  }

  /** The files that are open. */
  get files(): readonly FileStatus[] {
    return Array.from(this.#tails.values(), (tail) => tail.status());
  }

  /**
   * Follows the files until the signal is aborted.
   * @param states how far files were confirmed by another follower. Default: what the state file says
   * @throws {CommandError} the state file cannot be used
   * @throws what the streams throw, and what is wrong with a file that was open
   */
  async run(signal: AbortSignal, states?: readonly FileState[]): Promise<void> {
    await this.resume(states);
    while (!signal.aborted) {
      const hasNews = await this.turn(signal);
      if (!hasNews) await sleep(this.#options.pollMs, undefined, { signal }).catch(() => {});
    }
  }

  /**
   * Keeps that everything is confirmed, and closes the files.
   * @returns how far they are confirmed, for another follower
   */
  async end(): Promise<readonly FileState[]> {
    await this.#confirmations.end();
    const states = Array.from(this.#tails.values(), (tail) => tail.state());
    await this.close();
    return states;
  }

  /** Closes the files. What is not kept by now will not be. */
  async close(): Promise<void> {
    await this.#confirmations.close();
    for (const tail of [...this.#tails.values()]) await this.#stop(tail);
  }

  /**
   * Finds the files of an earlier run. Those of inputs that are there no longer are forgotten.
   * @param known how far its files were confirmed. Default: what the state file says
   */
  async resume(known?: readonly FileState[]): Promise<void> {
    const { statePath, inputs } = this.#options;
    const states = known ?? (statePath === undefined ? undefined : readState(statePath));
    if (states === undefined) return;
    this.#isFirstScan = false;
    const isTaken = (key: string) => this.#tails.has(key);
    let missing = states.filter(({ input }) => inputs.includes(input));
    // A file may be renamed between two looks. No file is taken for a copy that is another one of these.
    for (const find of [findSame, findSame, findKeptCopy]) {
      const found: FileState[] = [];
      for (const state of missing) {
        const file = await find(state, isTaken);
        if (file === undefined) continue;
        found.push(state);
        this.#begin(state.input, file.path, file.opened, file.anchor);
      }
      missing = missing.filter((state) => !found.includes(state));
    }
    for (const { path, offset } of missing) if (offset > 0) this.#sayGone(path, offset);
  }

  #sayGone(path: string, offset: number): void {
    this.#host.say(
      `ringest: ${path}: what it had behind byte ${offset}, if anything, is not there any more`,
    );
  }

  /**
   * Looks once at each file.
   * @returns whether one had something new
   */
  async turn(signal: AbortSignal): Promise<boolean> {
    await this.#scan();
    const hasNews = await this.#readAll(signal);
    await this.#finishQuiet();
    for (const tail of this.#ended) {
      if (tail.isConfirmed) this.#ended.delete(tail);
    }
    void this.#confirmations.begin(false);
    return hasNews;
  }

  /** Looks which files there are. */
  async #scan(): Promise<void> {
    const paths = new Map<string, { readonly input: string; readonly path: string }>();
    for (const input of this.#options.inputs) {
      for (const path of await pathsOf(input)) {
        const identity = await fileAt(path);
        const key = identity === undefined ? undefined : keyOf(identity);
        if (key !== undefined && !paths.has(key)) paths.set(key, { input, path });
      }
    }
    // First those that are known: a name that one has lost may be another one's by now.
    for (const [key, tail] of this.#tails) {
      const found = paths.get(key);
      // From now on it has to be quiet: between two looks at a folder, a name can hide.
      if (found === undefined && !tail.isGone) tail.countQuietAnew();
      tail.isGone = found === undefined;
      tail.path = found?.path ?? tail.path;
    }
    for (const [key, { input, path }] of paths) {
      if (!this.#tails.has(key)) await this.#discover(input, path);
    }
    this.#copies.keep((key) => paths.has(key));
    this.#isFirstScan = false;
  }

  async #discover(input: string, path: string): Promise<void> {
    const opened = await this.#open(path);
    if (opened === undefined) return;
    const anchor = await this.#placeToBegin(path, opened);
    if (anchor === undefined) await opened.file.close();
    else this.#begin(input, path, opened, anchor);
  }

  async #placeToBegin(path: string, opened: Opened): Promise<Anchor | undefined> {
    const key = keyOf(opened.identity);
    // By now, the path may lead to another file.
    if (this.#tails.has(key)) return undefined;
    const isFollowed = (tail: Tail) => this.#tails.get(tail.key) === tail;
    const skips = this.#isFirstScan && this.#options.fromEnd;
    const end = skips ? await Anchor.at(opened.file, opened.size) : undefined;
    const start = end ?? Anchor.START;
    return await this.#copies.placeToBegin(key, opened, this.#beside(path), isFollowed, start);
  }

  async #open(path: string): Promise<Opened | undefined> {
    try {
      const opened = await openFile(path);
      this.#unreadable.delete(path);
      return opened;
    } catch (error) {
      if (!this.#unreadable.has(path)) this.#host.say(`ringest: ${(error as Error).message}`);
      this.#unreadable.add(path);
      return undefined;
    }
  }

  /** The followed files whose names are the beginning of a path's name: `app.log` of `app.log.1`. */
  #beside(path: string): readonly Tail[] {
    return [...this.#tails.values()].filter((tail) => {
      const isLonger = path.length > tail.path.length && path.startsWith(tail.path);
      return isLonger && !tail.isGone && !path.slice(tail.path.length).includes('/');
    });
  }

  #begin(input: string, path: string, opened: Opened, anchor: Anchor): Tail {
    const stream = this.#host.openStream(input);
    this.#host.account.add(stream);
    const tail = new Tail(input, path, opened, anchor, stream);
    this.#tails.set(tail.key, tail);
    return tail;
  }

  /** Gives each file its turn. @returns whether one had something new */
  async #readAll(signal: AbortSignal): Promise<boolean> {
    let hasNews = false;
    for (const tail of [...this.#tails.values()]) {
      if (signal.aborted) return hasNews;
      const look = await this.#scanWhile(tail.look(this.#buffer));
      if (look.kind === 'truncated') await this.#truncated(tail);
      if (look.kind === 'unreadable') this.#host.problem(`${tail.path}: ${look.problem}`);
      if (look.kind === 'nothing new') continue;
      hasNews = true;
      if (look.kind === 'read') this.#host.account.bytes += look.bytes;
      if (this.#isFarAhead) {
        await this.#scanWhile(orAborted(this.#confirmations.begin(true), signal));
      }
    }
    return hasNews;
  }

  /** Waits for something, and opens what is made by then: it may get a name that nobody looks for. */
  #scanWhile<Result>(work: Promise<Result>): Promise<Result> {
    return whileWaiting(work, this.#options.pollMs, () => this.#scan());
  }

  get #isFarAhead(): boolean {
    return this.#confirmations.bytesAhead >= this.#options.maxAheadBytes;
  }

  /** Goes on in a copy with what was not read before, and leaves the file to the next scan. */
  async #truncated(tail: Tail): Promise<void> {
    const { key, path, read } = tail;
    const copy = await findCopy(path, read, (other) => this.#tails.has(other));
    if (copy === undefined) {
      this.#sayGone(path, read.offset);
      await tail.finishEntry();
      await this.#leave(tail);
      return;
    }
    // At no time it is missing: states are kept in between.
    const moved = tail.goOnIn(copy.path, copy.opened);
    this.#tails.delete(key);
    this.#tails.set(tail.key, tail);
    await moved;
  }

  /** Ends what has been quiet: entries without their ends, and files that are gone. */
  async #finishQuiet(): Promise<void> {
    for (const tail of [...this.#tails.values()]) {
      if (!tail.wasQuietFor(this.#options.quietMs)) continue;
      await tail.finishEntry();
      if (!tail.isGone) continue;
      this.#tails.delete(tail.key);
      await this.#leave(tail);
    }
  }

  /** Reads a file no more. Its state is kept until all of it is confirmed. */
  async #leave(tail: Tail): Promise<void> {
    this.#ended.add(tail);
    await this.#stop(tail);
  }

  async #stop(tail: Tail): Promise<void> {
    this.#tails.delete(tail.key);
    this.#host.account.close(tail.stream);
    await tail.close();
  }
}

async function pathsOf(input: string): Promise<readonly string[]> {
  // A file may have a name that looks like a pattern.
  return (await fileAt(input)) === undefined ? await matches(input) : [resolve(input)];
}
