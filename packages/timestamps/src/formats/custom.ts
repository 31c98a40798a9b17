import { InvalidTimeFormatError } from '../errors.js';
import { compileLayout } from '../layouts/compile.js';
import { LayoutFormat } from './layout-format.js';
import { PatternFormat } from './pattern-format.js';
import type { TimeFormat } from './time-format.js';

/** A format of your own, as `[TimeFormat "name"]` of a Gravwell configuration describes one. */
export interface CustomFormat {
  /** Another name than those of all other formats. Case does not matter. */
  readonly name: string;
  /**
   * The layout of a time, as Go has them: how `Mon Jan 2 15:04:05 MST 2006` would be written, such as
   * `2006_01_02_15_04_05`. A missing date is the last day that is at most an hour ahead of the clock;
   * a missing year is the last one that is at most a day ahead.
   */
  readonly format: string;
  /**
   * A regular expression that matches exactly the text of a time. Default: none, the layout alone
   * finds it. With one, lines that have no other time cost a string each.
   */
  readonly regex?: string;
  /**
   * A regular expression with one named group, such as `"end":"(?P<ts>[^"]+)"`: a time is looked for
   * only in what the group matches. Default: none, in the whole line.
   */
  readonly extractionRegex?: string;
}

/** @throws InvalidTimeFormatError */
export function makeCustomFormat(custom: CustomFormat): TimeFormat {
  const { name, format, regex, extractionRegex } = custom;
  if (name.trim() === '') throw new InvalidTimeFormatError(name, 'it needs a name');
  const layout = compileLayout(format, { freeFraction: regex !== undefined });
  if (typeof layout === 'string') throw new InvalidTimeFormatError(name, layout);
  if (regex === undefined && extractionRegex === undefined) return new LayoutFormat(name, layout);
  const pattern = regex === undefined ? undefined : compileExpression(name, regex, 'g');
  if (extractionRegex === undefined) return new PatternFormat(name, layout, pattern, undefined);
  const extraction = compileExpression(name, extractionRegex, 'd');
  const { length } = [...extraction.source.matchAll(/\(\?<[A-Za-z_$]/g)];
  if (length !== 1) {
    throw new InvalidTimeFormatError(name, `its extraction has ${length} named groups, not one`);
  }
  return new PatternFormat(name, layout, pattern, extraction);
}

/** Takes what Go writes in another way: named groups, the ends of the text, flags in front. */
function compileExpression(name: string, text: string, flags: string): RegExp {
  const [, own = ''] = /^\(\?([ims]+)\)/.exec(text) ?? [];
  const source = text
    .slice(own === '' ? 0 : own.length + 3)
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\A', '^')
    .replaceAll('\\z', '$');
  try {
    return new RegExp(source, flags + own);
  } catch (cause) {
    throw new InvalidTimeFormatError(name, `'${text}' is no regular expression`, { cause });
  }
}
