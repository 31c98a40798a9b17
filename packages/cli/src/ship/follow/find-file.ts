import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Anchor, isTelling } from './anchor.js';
import { fileAt, keyOf } from './file-identity.js';
import type { FileState } from './follow-state.js';
import { type Opened, openFile } from './tail.js';

/** A file that goes on where another one, or an earlier run, has stopped. */
export interface Found {
  readonly path: string;
  readonly opened: Opened;
  readonly anchor: Anchor;
}

/**
 * Finds a copy of a file that was truncated, which has what was not read of it: beside it, with a longer
 * name, such as `app.log.1`. Of several ones, the longest has the most of what was not read.
 * @param isTaken whether a file is read already, by its key
 */
export async function findCopy(
  path: string,
  read: Anchor,
  isTaken: (key: string) => boolean,
): Promise<Found | undefined> {
  if (!read.isTelling) return undefined;
  const find = async ({ file }: Opened) => ((await read.isIn(file)) ? read : undefined);
  return await longestOf(await longerNames(path), isTaken, find);
}

/**
 * Finds the file that an earlier run has read up to an offset, under its name or another one in its folder,
 * if it still has the same bytes before the offset.
 */
export async function findSame(
  state: FileState,
  isTaken: (key: string) => boolean,
): Promise<Found | undefined> {
  const find = ({ file }: Opened) => Anchor.find(file, state.offset, state.anchor);
  return await longestOf(await namesOf(state), isTaken, find);
}

/** Finds another file with the same bytes before the offset up to which an earlier run has read. */
export async function findKeptCopy(
  { path, offset, anchor }: FileState,
  isTaken: (key: string) => boolean,
): Promise<Found | undefined> {
  if (!isTelling(anchor)) return undefined;
  const find = ({ file }: Opened) => Anchor.find(file, offset, anchor);
  return await longestOf([path, ...(await longerNames(path))], isTaken, find);
}

async function longestOf(
  paths: readonly string[],
  isTaken: (key: string) => boolean,
  find: (opened: Opened) => Promise<Anchor | undefined>,
): Promise<Found | undefined> {
  let longest: Found | undefined;
  for (const path of paths) {
    const opened = await openReadable(path);
    if (opened === undefined) continue;
    const isLonger = longest === undefined || opened.size > longest.opened.size;
    const isWanted = isLonger && !isTaken(keyOf(opened.identity));
    const anchor = isWanted ? await find(opened) : undefined;
    await (anchor === undefined ? opened : longest?.opened)?.file.close();
    if (anchor !== undefined) longest = { path, opened, anchor };
  }
  return longest;
}

/** Opens a file that may have nothing to do with the one that is looked for. */
async function openReadable(path: string): Promise<Opened | undefined> {
  try {
    return await openFile(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EACCES', 'EPERM', 'ELOOP', 'ENXIO'].includes(code)) return undefined;
    throw error;
  }
}

/** The files beside one whose names are its name and more. */
async function longerNames(path: string): Promise<string[]> {
  const name = basename(path);
  const names = await namesIn(dirname(path));
  const longer = names.filter((other) => other.startsWith(name) && other !== name);
  return longer.sort().map((other) => join(dirname(path), other));
}

/** The names that a file has now in its folder. */
async function namesOf(state: FileState): Promise<string[]> {
  const folder = dirname(state.path);
  const key = keyOf(state);
  const names = [basename(state.path), ...(await namesIn(folder))];
  const found: string[] = [];
  for (const path of new Set(names.map((name) => join(folder, name)))) {
    const identity = await fileAt(path);
    if (identity !== undefined && keyOf(identity) === key) found.push(path);
  }
  return found;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    // It was removed.
    return [];
  }
}
