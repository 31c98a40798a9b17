import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../shared/repository.js';
import { type DocComments, plainText, readDocComments } from './doc-comments.js';

/** A class of an error, as its source describes it. */
export interface ErrorClass {
  readonly name: string;
  /** `undefined`: the class is only a base of others. */
  readonly code: string | undefined;
  readonly meaning: string;
  /** What its instances carry, its base's values first. */
  readonly values: DocComments;
}

/** A class, with the comment before it, the name of its base, and what is between its braces. */
const CLASS =
  /(?:\/\*\*((?:(?!\*\/).)*)\*\/\n)?^export (?:abstract )?class (\w+Error) extends (\w+) \{\n(.*?)^\}/gms;

/** Reads the classes of errors from the sources of a package. */
export function readErrorClasses(name: string, known: readonly ErrorClass[]): ErrorClass[] {
  const folder = join(REPOSITORY, 'packages', name, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .toSorted();
  const classes: ErrorClass[] = [];
  for (const file of files.map((one) => join(folder, one))) {
    for (const [, comment, kind = '', base, body = ''] of readFileSync(file, 'utf8').matchAll(
      CLASS,
    )) {
      if (comment === undefined) throw new Error(`${kind} in ${file} has no comment`);
      const inherited = [...known, ...classes].find((one) => one.name === base)?.values ?? [];
      const [, code] = /^ {2}(?:override )?readonly code(?:: string)? = '(\w+)'/m.exec(body) ?? [];
      const values = new Map([...inherited, ...readDocComments(file, kind)]);
      classes.push({ name: kind, code, meaning: plainText(comment), values });
    }
  }
  return classes;
}
