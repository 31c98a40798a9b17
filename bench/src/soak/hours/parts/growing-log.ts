import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Scene } from '../scene.js';
import type { SoakEntries } from '../soak-entries.js';
import type { Paced } from './pace.js';
import { asStream } from './ringest-process.js';

/** How far it is read ahead of confirmations. */
const AHEAD_BYTES = 262_144;

/** The part that is read here of a state file of `ringest ship --follow`. */
interface StateFile {
  readonly files: readonly { readonly inode: string; readonly offset: number }[];
}

const LINE_END = 10;

/** A rotated file, which may be removed once all of its lines have arrived. */
interface Rotated {
  readonly path: string;
  /** The number after its last line. */
  readonly end: number;
  /** Of the file that it is a copy of, if it is one. */
  readonly original: string | undefined;
}

/** A log file whose lines are the entries of a stream, and which is rotated. */
export class GrowingLog implements Paced {
  readonly #scene: Scene;
  readonly #entries: SoakEntries;
  readonly #path: string;
  readonly #statePath: string;
  readonly #rotated: Rotated[] = [];
  #rotations = 0;
  #written = 0;

  /** @param name of a folder for it */
  constructor(scene: Scene, name: string, entries: SoakEntries) {
    this.#scene = scene;
    this.#entries = entries;
    const folder = scene.path(name);
    mkdirSync(folder);
    this.#path = join(folder, 'app.log');
    this.#statePath = scene.path(`${name} state`);
  }

  /** How many lines it has had. */
  get written(): number {
    return this.#written;
  }

  /** Every entry with a number below this one has arrived. */
  arrived(): number {
    return this.#scene.account.complete(this.#entries.stream);
  }

  /** The flags of `ringest ship` that follows it, whose state survives its kills. */
  get followed(): string[] {
    const state = ['--follow', '--state-file', this.#statePath];
    const ahead = ['--max-ahead', `${AHEAD_BYTES}`];
    return [...asStream(this.#entries.stream), ...state, ...ahead, `${this.#path}*`];
  }

  /** Writes the lines up to the one with this number. */
  write(due: number): void {
    let lines = '';
    for (; this.#written < due; this.#written++) {
      lines += `${this.#entries.data(this.#written).toString('latin1')}\n`;
    }
    if (lines !== '') appendFileSync(this.#path, lines, 'latin1');
  }

  /**
   * How many lines, by the state file, are not confirmed: a follower that was killed may have shipped them, and the next one
   * ships them again.
   */
  countUnconfirmed(): number {
    const offsets = this.#readOffsets();
    const current = { path: this.#path, original: undefined };
    let lines = 0;
    for (const { path, original } of [...this.#rotated, current]) {
      if (!existsSync(path)) continue;
      const inode = inodeOf(path);
      // Until the follower finds out that the original was truncated, what it says of that is about the copy.
      const known = original === undefined || offsets.has(inode) ? inode : original;
      lines += countLines(path, offsets.get(known) ?? 0);
      offsets.delete(known);
    }
    return lines;
  }

  /** How far files are confirmed, by their inodes. */
  #readOffsets(): Map<string, number> {
    if (!existsSync(this.#statePath)) return new Map();
    const { files } = JSON.parse(readFileSync(this.#statePath, 'utf8')) as StateFile;
    return new Map(files.map(({ inode, offset }) => [inode, offset]));
  }

  /** @param isCopied the file is copied and truncated; otherwise it is renamed */
  rotate(isCopied: boolean): void {
    if (this.#written === 0) return;
    const path = `${this.#path}.${++this.#rotations}`;
    const original = isCopied ? inodeOf(this.#path) : undefined;
    if (isCopied) {
      copyFileSync(this.#path, path);
      truncateSync(this.#path);
    } else {
      renameSync(this.#path, path);
      appendFileSync(this.#path, '');
    }
    this.#rotated.push({ path, end: this.#written, original });
    const complete = this.arrived();
    while (this.#rotated[0] !== undefined && this.#rotated[0].end <= complete) {
      rmSync(this.#rotated.shift()?.path ?? '');
    }
  }
}

function inodeOf(path: string): string {
  return `${statSync(path, { bigint: true }).ino}`;
}

/** The lines of a file from a byte on. */
function countLines(path: string, from: number): number {
  const bytes = Buffer.alloc(Math.max(statSync(path).size - from, 0));
  const file = openSync(path, 'r');
  readSync(file, bytes, 0, bytes.length, from);
  closeSync(file);
  let lines = 0;
  for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, at + 1)) lines++;
  return lines;
}
