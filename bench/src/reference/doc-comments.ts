import { readFileSync } from 'node:fs';

/** The text of each property's doc comment, by the property's name. */
export type DocComments = ReadonlyMap<string, string>;

/**
 * Reads the doc comments of an interface, or of a class of an error, from its source.
 * @throws when the file has none of that name, or one of its properties has no comment
 */
export function readDocComments(file: string, name: string): DocComments {
  const source = readFileSync(file, 'utf8');
  const [, body] =
    new RegExp(
      `^export (?:interface|(?:abstract )?class) ${name}\\b[^{]*\\{\\n(.*?)^\\}`,
      'ms',
    ).exec(source) ?? [];
  if (body === undefined) throw new Error(`${file} has no ${name}`);
  const comments = new Map<string, string>();
  for (const [, comment, property] of body.matchAll(PROPERTY)) {
    // The heading of an error has its code.
    if (property === undefined || property === 'code') continue;
    if (comment === undefined) throw new Error(`${name}.${property} has no comment`);
    comments.set(property, plainText(comment));
  }
  return comments;
}

/** A property at the first level of an interface, with the comment before it. */
const PROPERTY = /(?:\/\*\*((?:(?!\*\/).)*)\*\/\s*)?^ {2}readonly (\w+)\??:/gms;

/** The text of a doc comment, without its asterisks and in one line. */
export function plainText(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trim())
    .join(' ')
    .trim();
}

/** A comment ends with what holds when the option is left out. */
export function splitDefault(comment: string): { text: string; fallback: string | undefined } {
  const [, text = '', fallback] = /^(.*?)\s*Default: (.*?)\.?$/s.exec(comment) ?? [];
  return fallback === undefined ? { text: comment, fallback } : { text, fallback };
}
