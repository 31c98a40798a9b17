import type { EntryInput } from '@ringest/codec';

/** What decides which entries lines become. */
export interface LineModel {
  readonly delimiter: Buffer;
  readonly keepEmpty: boolean;
  readonly maxLineBytes: number;
  readonly longLines: 'split' | 'refuse';
  /** The time of a line by the bytes of its first entry; `undefined` refuses the line. */
  readonly time: (bytes: Buffer) => number | undefined;
}

/** The twin of a line writer: what becomes of a whole stream of bytes, and of its end. */
export function modelLines(stream: Buffer, model: LineModel) {
  const entries: EntryInput[] = [];
  let refused = 0;
  for (const line of linesOf(stream, model)) {
    if (line.length === 0 && !model.keepEmpty) continue;
    const parts = piecesOf(line, model.maxLineBytes);
    const timestamp = model.time(parts[0] as Buffer);
    if (timestamp === undefined || (parts.length > 1 && model.longLines === 'refuse')) refused++;
    else entries.push(...parts.map((data) => ({ timestamp, tag: 0, data })));
  }
  return { entries, refused };
}

function linesOf(stream: Buffer, { delimiter }: LineModel): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let at = stream.indexOf(delimiter); at !== -1; at = stream.indexOf(delimiter, from)) {
    lines.push(stream.subarray(from, at));
    from = at + delimiter.length;
  }
  if (from < stream.length) lines.push(stream.subarray(from));
  const isLineFeed = delimiter.equals(Buffer.from('\n'));
  return lines.map((line) => (isLineFeed && line.at(-1) === 13 ? line.subarray(0, -1) : line));
}

/** At least one. */
function piecesOf(line: Buffer, most: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < line.length || at === 0; at += most) {
    pieces.push(line.subarray(at, at + most));
  }
  return pieces;
}
