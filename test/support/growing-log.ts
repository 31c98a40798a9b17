import { appendFileSync, copyFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of each line, with its end. */
export const LINE_BYTES = 100;

/** A log file `app.log` whose lines have numbers, and all of one length. */
export class GrowingLog {
  readonly folder: string;
  readonly path: string;
  /** How many lines were written. */
  lines = 0;
  #rotations = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.path = join(folder, 'app.log');
  }

  static line(number: number): string {
    return `line ${number} `.padEnd(LINE_BYTES - 1, '.');
  }

  /** The number of a line. */
  static numberOf(text: string): number {
    return Number(text.split(' ')[1]);
  }

  static isLine(text: string): boolean {
    return text === GrowingLog.line(GrowingLog.numberOf(text));
  }

  write(count: number): void {
    let text = '';
    for (let i = 0; i < count; i++) text += `${GrowingLog.line(++this.lines)}\n`;
    appendFileSync(this.path, text);
  }

  /** The next write makes the file anew. */
  rename(): void {
    renameSync(this.path, this.#nextName());
  }

  /** As `logrotate` does with `copytruncate`. */
  copyAndTruncate(): void {
    copyFileSync(this.path, this.#nextName());
    truncateSync(this.path);
  }

  remove(): void {
    rmSync(this.path);
  }

  #nextName(): string {
    return `${this.path}.${++this.#rotations}`;
  }
}
