import { appendFileSync, copyFileSync, mkdirSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { Scene } from '../scene.js';
import { MIN_DATA, type SoakEntries } from '../soak-entries.js';
import { asStream } from './ringest-process.js';

/** How far it is read ahead of confirmations: at most twice this much is shipped again after a kill. */
const AHEAD_BYTES = 262_144;
/** And what was not confirmed may have been sent again since the last status. */
export const REPEATED_A_KILL = Math.ceil((4 * AHEAD_BYTES) / MIN_DATA);

/** A rotated file, which may be removed once all of its lines have arrived. */
interface Rotated {
  readonly path: string;
  /** The number after its last line. */
  readonly end: number;
}

/** A log file whose lines are the entries of a stream, and which is rotated. */
export class GrowingLog {
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
  get complete(): number {
    return this.#scene.account.complete(this.#entries.stream);
  }

  /** The flags of `ringest ship` that follows it, whose state survives its kills. */
  get followed(): string[] {
    const state = ['--follow', '--state-file', this.#statePath];
    const ahead = ['--max-ahead', `${AHEAD_BYTES}`];
    return [...asStream(this.#entries.stream), ...state, ...ahead, `${this.#path}*`];
  }

  /** Writes the lines up to the one with this number. */
  readonly write = (due: number): void => {
    let lines = '';
    for (; this.#written < due; this.#written++) {
      lines += `${this.#entries.data(this.#written).toString('latin1')}\n`;
    }
    if (lines !== '') appendFileSync(this.#path, lines, 'latin1');
  };

  /** @param isCopied the file is copied and truncated; otherwise it is renamed */
  rotate(isCopied: boolean): void {
    if (this.#written === 0) return;
    const path = `${this.#path}.${++this.#rotations}`;
    if (isCopied) {
      copyFileSync(this.#path, path);
      truncateSync(this.#path);
    } else {
      renameSync(this.#path, path);
      appendFileSync(this.#path, '');
    }
    this.#rotated.push({ path, end: this.#written });
    const { complete } = this;
    while (this.#rotated[0] !== undefined && this.#rotated[0].end <= complete) {
      rmSync(this.#rotated.shift()?.path ?? '');
    }
  }
}
