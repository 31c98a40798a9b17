import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';

/** A report cannot be written to the file that was named. */
export class ReportFileError extends Error {
  readonly code = 'REPORT_FILE';
  readonly path: string;

  constructor(path: string, why: string, cause?: unknown) {
    super(`the report cannot be written to ${path}: ${why}`, { cause });
    this.name = 'ReportFileError';
    this.path = path;
  }
}

/**
 * The file of a report. It is written beside its place and then moved there, so that whoever opens it
 * sees the old report or the new one, and never half of one.
 */
export class ReportFile implements Disposable {
  /** As it was given. */
  readonly path: string;
  readonly #place: string;
  readonly #draft: string;
  readonly #removeDraft: () => void;

  /**
   * Makes sure that a report can be written, before anything is measured for it.
   * @throws {ReportFileError} the folder is missing or cannot be written to, or the path is a folder,
   * a device or a file that cannot be written
   */
  constructor(path: string) {
    this.path = path;
    this.#place = placeOf(path);
    this.#draft = `${this.#place}.${process.pid}.part`;
    this.#removeDraft = () => rmSync(this.#draft, { force: true });
    try {
      closeSync(openSync(this.#draft, 'wx'));
    } catch (error) {
      throw new ReportFileError(path, (error as Error).message, error);
    }
    process.on('exit', this.#removeDraft);
  }

  /**
   * Puts the report in its place, instead of the one that is there.
   * @throws {ReportFileError} the disk is full, or the folder has gone
   */
  write(report: string): void {
    try {
      const file = openSync(this.#draft, 'w');
      try {
        writeFileSync(file, report);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(this.#draft, this.#place);
    } catch (error) {
      throw new ReportFileError(this.path, (error as Error).message, error);
    }
  }

  /** Without a report, what is there stays as it is. */
  [Symbol.dispose](): void {
    process.off('exit', this.#removeDraft);
    this.#removeDraft();
  }
}

/** Where a path leads. What is there already must be a file that can be written. */
function placeOf(path: string): string {
  const place = resolve(path);
  const folder = statSync(dirname(place), { throwIfNoEntry: false });
  if (folder === undefined)
    throw new ReportFileError(path, 'its folder does not exist: make it first');
  if (!folder.isDirectory()) throw new ReportFileError(path, 'what should be its folder is none');
  if (!existsSync(place)) return place;
  const target = realpathSync(place);
  if (!statSync(target).isFile()) {
    throw new ReportFileError(path, 'there is something else by that name: name a file');
  }
  try {
    accessSync(target, constants.W_OK);
  } catch (error) {
    throw new ReportFileError(path, (error as Error).message, error);
  }
  return target;
}
