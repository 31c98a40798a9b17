import * as fs from 'node:fs';
import { join } from 'node:path';
import { counted, countedEntries, DecodeError, isError } from '@ringest/codec';
import { closeQuietly } from '../disk/disk.js';
import { openToRead } from '../disk/node-disk.js';
import { segmentId } from '../format/segment-format.js';
import type { DamagedRange } from '../log/damage.js';
import type { Block } from '../log/segment-reader.js';
import { entriesOf } from './entry-lines.js';
import { dumpSegment, type SegmentPart } from './segment-dump.js';

/** Receives the parts of a dump. */
export interface DumpOutput {
  /** A line for people. */
  report(line: string): void;
  /** Prints an entry; `undefined`: entries are not printed. */
  readonly entry: ((entry: object) => Promise<void>) | undefined;
  /** Whether only what cannot be read is reported, and the totals. Default: everything is. */
  readonly onlyDamage?: boolean | undefined;
}

/** What was found in a cache. */
export interface DumpTotals {
  segments: number;
  blocks: number;
  entries: number;
  bytes: number;
  /** Damaged parts. */
  damaged: number;
  /** Segments that have a newer format, or could not be read. */
  unread: number;
}

/**
 * Reads the folder of a cache and changes nothing. Another process may append and remove at the same time.
 * Throws the error of the system when the folder cannot be listed.
 */
export async function dumpCache(path: string, output: DumpOutput): Promise<DumpTotals> {
  const totals = { segments: 0, blocks: 0, entries: 0, bytes: 0, damaged: 0, unread: 0 };
  const names = fs.readdirSync(path).filter((name) => segmentId(name) !== undefined);
  for (const name of names.sort()) await dumpFile(join(path, name), name, output, totals);
  const { segments, blocks, entries, bytes, damaged, unread } = totals;
  output.report(
    `${counted(segments, 'segment')} with ${countedEntries(entries)} in ${counted(blocks, 'block')}, ` +
      `${counted(bytes, 'byte')}; ` +
      `${counted(damaged, 'damaged part')}, ${counted(unread, 'segment')} not read`,
  );
  const kept = quarantineOf(path);
  if (kept.length > 0) output.report(`in quarantine: ${kept.join(', ')}`);
  return totals;
}

async function dumpFile(
  path: string,
  name: string,
  output: DumpOutput,
  totals: DumpTotals,
): Promise<void> {
  try {
    const file = openToRead(path);
    try {
      totals.segments++;
      totals.bytes += file.size();
      if (!output.onlyDamage) output.report(`${name}: ${counted(file.size(), 'byte')}`);
      const indent = output.onlyDamage ? `${name}, ` : '  ';
      for (const part of dumpSegment(file)) {
        const isBad = part.kind === 'damage' || part.kind === 'newer';
        if (isBad || !output.onlyDamage) output.report(`${indent}${describePart(part)}`);
        if (part.kind === 'damage') totals.damaged++;
        if (part.kind === 'newer') totals.unread++;
        if (part.kind === 'block') await dumpBlock(part, output, totals);
      }
    } finally {
      closeQuietly(file);
    }
  } catch (error) {
    // Its entries were sent and it was removed, after the folder was listed.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    if (!(isError(error) && 'syscall' in error)) throw error;
    totals.unread++;
    output.report(`${name}: not read: ${error.message}`);
  }
}

async function dumpBlock(block: Block, output: DumpOutput, totals: DumpTotals): Promise<void> {
  totals.blocks++;
  totals.entries += block.count;
  if (output.entry === undefined) return;
  try {
    for (const entry of entriesOf(block)) await output.entry(entry);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    totals.damaged++;
    output.report(`  DAMAGED: the block holds something other than entries: ${error.message}`);
  }
}

function describePart(part: SegmentPart): string {
  switch (part.kind) {
    case 'header': {
      const { muxer, created, sequence, tags, order } = part.header;
      const time = new Date(created).toISOString();
      const place = order === undefined ? '' : `read as number ${order}, `;
      return `written by ${muxer}, begun ${time}, ${place}from entry ${sequence} on, tags: ${list(tags)}`;
    }
    case 'empty':
      return 'nothing in it was ever finished';
    case 'newer':
      return `NOT READ: its format is ${part.format}, use a newer version`;
    case 'block':
      return `${part.offset}: ${countedEntries(part.count)} from ${part.sequence} on, ${counted(part.frames.length, 'byte')}`;
    case 'tags':
      return `${part.offset}: further tags: ${list(part.names)}`;
    case 'damage':
      return `${part.offset}: DAMAGED: ${counted(part.bytes, 'byte')}, ${entriesIn(part)}`;
    case 'unfinished':
      return `${part.offset}: ${counted(part.bytes, 'byte')} of a block that is not finished`;
  }
}

function entriesIn({ entries }: DamagedRange): string {
  return entries === undefined ? 'an unknown number of entries' : countedEntries(entries);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

function quarantineOf(path: string): string[] {
  try {
    return fs.readdirSync(join(path, 'quarantine'));
  } catch {
    return [];
  }
}
