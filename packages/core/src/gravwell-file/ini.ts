/**
 * The grammar of the files, which is that of git's configuration without its includes:
 *
 *     file      = { blank line | comment | header | variable }
 *     comment   = ( "#" | ";" ) … end of line               also after a header or a value
 *     header    = "[" name [ '"' subsection '"' ] "]"       escapes in the subsection: \\ \"
 *     variable  = name [ "=" value ]                        no "=": the key stands alone
 *     name      = letter { letter | digit | "-" }
 *     value     = { plain | '"' quoted '"' } | "`" raw "`"
 *
 * Blanks around a value are dropped and those inside are kept. Quoted text knows the escapes
 * \\ \" \n \t and keeps "#", ";" and blanks. In plain text a backslash stands before a quote, which
 * it makes literal, or at the end of a line, which it continues. Raw text is taken as it stands,
 * over lines too. Carriage returns are dropped from all values but raw ones.
 */
import { ConfigFileError, type ConfigFilePlace, type Position } from './error.js';
import { isBlank, Scanner } from './ini-scanner.js';

/** A piece of the text of a file, in UTF-16 code units from its start. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A `name = value` line. `value` is `undefined` if the name has no "=". */
export interface IniVariable {
  readonly name: string;
  readonly value: string | undefined;
  /** `undefined`: it is not from a file. */
  readonly position: Position | undefined;
  /** Where the value is written, with its quotes; `undefined`: there is none, or it is not from a file. */
  readonly span?: Span | undefined;
}

/** A header and the variables below it. A file may have the same section more than once. */
export interface IniSection {
  readonly name: string;
  readonly subsection: string | undefined;
  /** `undefined`: it is not from a file. */
  readonly position: Position | undefined;
  /** Where the header is written; `undefined`: it is not from a file. */
  readonly span?: Span | undefined;
  /** The path of the file, or the name of an environment variable, if it is known. */
  readonly origin?: string | undefined;
  readonly variables: readonly IniVariable[];
}

/** The place of a section, or of one of its variables, for an error. */
export function placeOf(
  part: IniSection,
  { position }: Pick<IniVariable, 'position'> = part,
): ConfigFilePlace {
  return { section: sectionLabel(part), position, origin: part.origin };
}

/** Returns the form in which names of sections and keys are compared. */
export function fold(name: string): string {
  return name.toLowerCase();
}

/** Formats a section as it is written between brackets. */
export function sectionLabel(section: Pick<IniSection, 'name' | 'subsection'>): string {
  return section.subsection === undefined
    ? section.name
    : `${section.name} ${JSON.stringify(section.subsection)}`;
}

/**
 * Parses a file into its sections, in the order of the file. Names keep their case.
 *
 * With `tell`, a line with an error is left out, and with a header also what is below it.
 *
 * An error names a key only if "=" follows it, because a word without "=" may be a secret on the wrong
 * line.
 *
 * @param origin the path of the file, which errors name
 * @param tell gets each syntax error
 * @throws {ConfigFileError} for the first syntax error, with its position, if it cannot be told.
 */
export function parseIni(
  text: string,
  origin?: string,
  tell?: (error: ConfigFileError) => void,
): IniSection[] {
  const located = ({ problem, section, field, position }: ConfigFileError) =>
    new ConfigFileError(problem, { section, field, position, origin });
  const told = tell && ((error: ConfigFileError) => tell(located(error)));
  try {
    return parse(text, told).map((section) => ({ ...section, origin }));
  } catch (error) {
    throw error instanceof ConfigFileError ? located(error) : error;
  }
}

function parse(text: string, tell: ((error: ConfigFileError) => void) | undefined): IniSection[] {
  const zero = text.indexOf('\0');
  if (zero >= 0) {
    const lines = text.slice(0, zero).split('\n');
    throw new ConfigFileError('a zero character: write the file as text in UTF-8', {
      position: { line: lines.length, column: (lines.at(-1) ?? '').length + 1 },
    });
  }
  const scanner = new Scanner(text);
  const sections: OpenSection[] = [];
  let section: OpenSection | undefined;
  /** Whether the header is wrong of what comes now. */
  let isLost = false;
  for (;;) {
    scanner.skipBlanks();
    if (scanner.atEnd) return sections;
    if (scanner.atLineEnd) {
      scanner.skipLine();
      continue;
    }
    const isHeader = scanner.peek() === '[';
    try {
      if (isHeader) {
        section = { ...readHeader(scanner), variables: [] };
        sections.push(section);
        isLost = false;
      } else if (isLost) {
        scanner.skipLine();
      } else {
        readVariable(scanner, section);
      }
    } catch (error) {
      if (tell === undefined || !(error instanceof ConfigFileError)) throw error;
      tell(error);
      // Without any header, one error says it.
      isLost ||= isHeader || section === undefined;
      if (!scanner.atEnd) scanner.skipLine();
    }
  }
}

function readVariable(scanner: Scanner, section: OpenSection | undefined): void {
  const { position } = scanner;
  const name = scanner.takeName();
  scanner.skipBlanks();
  if (section === undefined) {
    throw new ConfigFileError('expected a section header such as [Global] first', {
      field: name !== '' && scanner.peek() === '=' ? name : undefined,
      position,
    });
  }
  const label = sectionLabel(section);
  if (name === '') {
    throw new ConfigFileError('expected a section header or a key', { section: label, position });
  }
  section.variables.push({ name, position, ...readAssignment(scanner, label, name) });
}

type OpenSection = IniSection & { variables: IniVariable[] };

function readHeader(scanner: Scanner): Omit<IniSection, 'variables'> {
  const { position, offset: start } = scanner;
  scanner.take();
  scanner.skipBlanks();
  const name = scanner.takeName();
  const fail = (problem: string): never => {
    throw new ConfigFileError(problem, { field: name || undefined, position: scanner.position });
  };
  if (name === '') fail('expected the name of a section after "["');
  scanner.skipBlanks();
  let subsection: string | undefined;
  if (scanner.peek() === '"') {
    subsection = readSubsection(scanner, fail);
    scanner.skipBlanks();
  }
  if (scanner.peek() !== ']') {
    fail(subsection === undefined ? 'expected a quoted subsection or "]"' : 'expected "]"');
  }
  scanner.take();
  const span = { start, end: scanner.offset };
  expectLineEnd(scanner, fail);
  return { name, subsection, position, span };
}

function readSubsection(scanner: Scanner, fail: (problem: string) => never): string {
  scanner.take();
  let name = '';
  while (scanner.peek() !== '"') {
    if (scanner.atEnd || scanner.peek() === '\n') fail('the quote of the subsection is not closed');
    let character = scanner.take();
    if (character === '\\') {
      character = scanner.peek();
      if (character !== '\\' && character !== '"') fail('only \\\\ and \\" are escapes here');
      scanner.take();
    }
    name += character;
  }
  scanner.take();
  if (name === '') fail('the name of a subsection must not be empty');
  return name;
}

function readAssignment(
  scanner: Scanner,
  section: string,
  field: string,
): Pick<IniVariable, 'value' | 'span'> {
  if (scanner.atLineEnd) return { value: undefined };
  const fail = (problem: string): never => {
    throw new ConfigFileError(problem, { section, field, position: scanner.position });
  };
  if (scanner.peek() !== '=') {
    const { position } = scanner;
    throw new ConfigFileError('expected "=" or the end of the line', { section, position });
  }
  scanner.take();
  scanner.skipBlanks();
  const start = scanner.offset;
  const value = scanner.peek() === '`' ? readRaw(scanner, fail) : readValue(scanner, fail);
  const span = { start, end: scanner.offset };
  expectLineEnd(scanner, fail);
  return { value, span };
}

function readRaw(scanner: Scanner, fail: (problem: string) => never): string {
  scanner.take();
  let value = '';
  while (scanner.peek() !== '`') {
    if (scanner.atEnd) fail('the backtick of the value is not closed');
    value += scanner.take();
  }
  scanner.take();
  return value;
}

function readValue(scanner: Scanner, fail: (problem: string) => never): string {
  let value = '';
  // Blanks beyond this length are dropped unless something of the value follows them.
  let kept = 0;
  let quoted = false;
  while (quoted ? !scanner.atEnd && scanner.peek() !== '\n' : !scanner.atLineEnd) {
    const character = scanner.take();
    if (character === '\r') continue;
    if (character === '"') quoted = !quoted;
    else if (character === '\\') value += readEscape(scanner, quoted, fail);
    else value += character;
    if (quoted || !isBlank(character)) kept = value.length;
  }
  if (quoted) fail('the quote of the value is not closed');
  return value.slice(0, kept);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ['"', '"'],
  ['n', '\n'],
  ['t', '\t'],
]);

function readEscape(scanner: Scanner, quoted: boolean, fail: (problem: string) => never): string {
  if (!quoted && scanner.peek() === '\r') scanner.take();
  const escaped = scanner.peek();
  if (quoted) {
    const meant = ESCAPES.get(escaped) ?? fail('only \\\\ \\" \\n and \\t are escapes in quotes');
    scanner.take();
    return meant;
  }
  if (escaped !== '\n' && escaped !== '"') {
    fail('a backslash outside of quotes must stand before a quote or at the end of a line');
  }
  scanner.take();
  return escaped === '"' ? '"' : '';
}

function expectLineEnd(scanner: Scanner, fail: (problem: string) => never): void {
  scanner.skipBlanks();
  if (!scanner.atLineEnd) fail('expected the end of the line or a comment');
}
