import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ConfigFileError } from './error.js';
import { variablesOf } from './file.js';
import { fold, type IniSection, type Span } from './ini.js';

/** The key of [Global] that holds the UUID. */
export const UUID_KEY = 'Ingester-UUID';

/**
 * Writes a UUID into a configuration file: in the place of the value that is there, else below the
 * header [Global], else at the end of the file. Everything else in the file stays as it is.
 *
 * @param path the file that gets the key, if no file has it
 * @param file the parsed files
 * @param texts what was parsed, by file
 * @returns why it could not be written; the file is unchanged then. `undefined`: it was written
 */
export function writeUuid(
  uuid: string,
  path: string,
  file: readonly IniSection[],
  texts: ReadonlyMap<string, string>,
): Error | undefined {
  const last = variablesOf(file, UUID_KEY).at(-1);
  const origin = last?.part.origin ?? path;
  const text = texts.get(origin) ?? '';
  const line = `${UUID_KEY} = "${uuid}"`;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const header = file.find((part) => part.origin === path && fold(part.name) === fold('Global'));
  let changed: string;
  if (last?.variable.span) changed = replaceValue(text, last.variable.span, `"${uuid}"`);
  else if (header?.span) changed = insertBelow(text, header.span, line, newline);
  else changed = `${text}${newline}[Global]${newline}${line}${newline}`;
  try {
    replaceFile(origin, changed);
    return undefined;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return new ConfigFileError(
      `a new UUID cannot be written into the file (${reason}), so it holds for this run only: make the file and its folder writable, or add the line ${line}`,
      { origin, section: 'Global', field: UUID_KEY },
    );
  }
}

/** Blanks between the value and a comment stay. */
function replaceValue(text: string, { start, end }: Span, value: string): string {
  const blanks = /[ \t\r]*$/.exec(text.slice(start, end))?.[0] ?? '';
  return `${text.slice(0, start)}${value}${blanks}${text.slice(end)}`;
}

function insertBelow(text: string, { end }: Span, line: string, newline: string): string {
  const lineEnd = text.indexOf('\n', end);
  if (lineEnd < 0) return `${text}${newline}${line}${newline}`;
  return `${text.slice(0, lineEnd + 1)}${line}${newline}${text.slice(lineEnd + 1)}`;
}

/**
 * Replaces the contents of a file as a whole: whatever happens, the file has the old or the new text. It
 * keeps its mode, and its owner if the process may set it. Of a symbolic link, the target is replaced.
 */
function replaceFile(path: string, text: string): void {
  const target = realpathSync(path);
  const { mode, uid, gid } = statSync(target);
  const temporary = `${target}.${randomUUID()}.new`;
  // Before the mode is right, nobody else may read what may be a secret.
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    try {
      writeFileSync(descriptor, text);
      keepOwner(descriptor, uid, gid);
      fchmodSync(descriptor, mode & 0o7777);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(target));
}

/** Only a privileged process may give a file away: without that right, it belongs to the process. */
function keepOwner(descriptor: number, uid: number, gid: number): void {
  try {
    fchownSync(descriptor, uid, gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
}

function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
