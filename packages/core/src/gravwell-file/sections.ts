import { ConfigFileError, locate } from './error.js';
import { type IniSection, type IniVariable, sectionLabel } from './ini.js';
import { parseInteger, parseSwitch } from './scalars.js';

/**
 * The kind of a key, which says what its values are, and what an absent key is:
 * - `string`: text; absent: empty. A repeated key replaces.
 * - `strings`: a list of the texts of all values of the key; absent: empty. A key without `=` clears it.
 * - `boolean`: true, yes, on, 1 or false, no, off, 0; a key without `=` is true; absent: false.
 * - `integer`: decimal or hexadecimal after `0x`; absent: 0.
 * - `secret`: text like `string`, in a property that is not enumerable, so that it does not get into a
 *   log, JSON or a copy of the section by accident.
 */
export type KeyKind = keyof KeyValues;

interface KeyValues {
  readonly string: string;
  readonly strings: readonly string[];
  readonly boolean: boolean;
  readonly integer: number;
  readonly secret: string;
}

/**
 * The keys of a section as they are written in a file, such as `'Tag-Name'`, with their kinds. Case
 * does not matter.
 */
export type SectionKeys = Readonly<Record<string, KeyKind>>;

/** The declaration of a section that a program knows. */
export interface SectionDeclaration {
  /** The keys of the section. */
  readonly keys: SectionKeys;
  /**
   * Whether a file may have the section any number of times, with names: `[Listener "one"]`.
   * Default: `false`.
   */
  readonly named?: boolean;
}

/**
 * The declarations of the sections that a program knows, by their name in a file. Case does not matter.
 * The keys of `Global` are added to those that the section has.
 */
export type SectionDeclarations = Readonly<Record<string, SectionDeclaration>> & {
  readonly Global?: SectionDeclaration & { readonly named?: false };
};

/** The name of the property for a key or section: its declared name, with `_` for `-`. */
export type PropertyName<Name> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}_${PropertyName<Tail>}`
  : Name;

/** The values of a section: a property for each declared key. */
export type SectionValues<Keys extends SectionKeys> = {
  readonly [Name in keyof Keys as PropertyName<Name>]: KeyValues[Keys[Name]];
};

/** A parsed section: its values, or, if the section has names, a map of its values by case-sensitive name. */
export type Section<Declaration extends SectionDeclaration> = Declaration extends { named: true }
  ? ReadonlyMap<string, SectionValues<Declaration['keys']>>
  : SectionValues<Declaration['keys']>;

/** All declared sections except `Global`, even those that the file does not have. */
export type Sections<Declarations extends SectionDeclarations> = {
  readonly [Name in Exclude<keyof Declarations, 'Global'> as PropertyName<Name>]: Section<
    Declarations[Name]
  >;
};

type Values = Record<string, unknown>;

/**
 * Assigns the variables of a file to the declared sections and keys. Parts of a section at several
 * places of the file are put together. The result has a {@link Section} for every declaration.
 *
 * @throws {ConfigFileError} for a section or key that is not declared, for a value that does not fit the
 * kind of its key, and for declarations that differ only in case.
 */
export function readSections(
  file: readonly IniSection[],
  declarations: SectionDeclarations,
): Readonly<Record<string, unknown>> {
  const readers = foldNames(declarations, (name, { keys, named }) => ({
    property: propertyName(name),
    section: named ? new NamedSections(keys) : new PlainSection(keys),
  }));
  for (const part of file) {
    const known = readers.get(fold(part.name));
    if (!known) {
      throw new ConfigFileError('this section is not known here; check its spelling', {
        field: part.name,
        section: sectionLabel(part),
        position: part.position,
      });
    }
    known.section.read(part);
  }
  return Object.fromEntries(
    [...readers.values()].map(({ property, section }) => [property, section.value]),
  );
}

class PlainSection {
  readonly value: Values = {};
  readonly #keys: ReadonlyMap<string, { readonly property: string; readonly kind: KeyKind }>;

  constructor(keys: SectionKeys) {
    this.#keys = foldNames(keys, (name, kind) => ({ property: propertyName(name), kind }));
    for (const { property, kind } of this.#keys.values()) {
      Object.defineProperty(this.value, property, {
        value: absent(kind),
        writable: true,
        enumerable: kind !== 'secret',
      });
    }
  }

  read(part: IniSection): void {
    if (part.subsection !== undefined) {
      throw new ConfigFileError('this section has no name in quotes', {
        field: part.name,
        section: sectionLabel(part),
        position: part.position,
      });
    }
    this.readVariables(part);
  }

  readVariables(part: IniSection): void {
    const section = sectionLabel(part);
    let afterEmptySecret = false;
    for (const variable of part.variables) {
      const { name: field, position } = variable;
      const key = this.#keys.get(fold(field));
      if (!key) {
        // A secret on the line after its key looks like a key. It must not be shown.
        const nameable = variable.value !== undefined && !afterEmptySecret;
        throw new ConfigFileError(
          nameable
            ? 'this key is not known in this section; check its spelling'
            : 'a word that is not a key of this section; check its spelling',
          { section, field: nameable ? field : undefined, position },
        );
      }
      try {
        this.value[key.property] = read(variable, key.kind, this.value[key.property]);
      } catch (error) {
        throw locate(error, { section, position });
      }
      afterEmptySecret = key.kind === 'secret' && !variable.value;
    }
  }
}

class NamedSections {
  readonly #keys: SectionKeys;
  readonly #sections = new Map<string, PlainSection>();

  constructor(keys: SectionKeys) {
    this.#keys = keys;
  }

  get value(): ReadonlyMap<string, Values> {
    return new Map([...this.#sections].map(([name, section]) => [name, section.value]));
  }

  read(part: IniSection): void {
    const name = part.subsection ?? '';
    let section = this.#sections.get(name);
    if (!section) {
      section = new PlainSection(this.#keys);
      this.#sections.set(name, section);
    }
    section.readVariables(part);
  }
}

function absent(kind: KeyKind): KeyValues[KeyKind] {
  switch (kind) {
    case 'strings':
      return [];
    case 'boolean':
      return false;
    case 'integer':
      return 0;
    case 'string':
    case 'secret':
      return '';
  }
}

function read({ name, value }: IniVariable, kind: KeyKind, before: unknown): KeyValues[KeyKind] {
  if (value === undefined) {
    if (kind === 'boolean') return true;
    if (kind === 'strings') return [];
    throw new ConfigFileError('this key needs a value; write "=" and the value after it', {
      field: name,
    });
  }
  switch (kind) {
    case 'strings': {
      const list = before as string[];
      list.push(value);
      return list;
    }
    case 'boolean':
      return parseSwitch(value, name);
    case 'integer':
      return parseInteger(value, name);
    case 'string':
    case 'secret':
      return value;
  }
}

function foldNames<Value, Result>(
  names: Readonly<Record<string, Value>>,
  make: (name: string, value: Value) => Result,
): Map<string, Result> {
  const folded = new Map<string, Result>();
  for (const [name, value] of Object.entries(names)) {
    if (folded.has(fold(name))) {
      throw new ConfigFileError('is declared twice; names that differ in case only are the same', {
        field: name,
      });
    }
    folded.set(fold(name), make(name, value));
  }
  return folded;
}

function propertyName(name: string): string {
  return name.replaceAll('-', '_');
}

/** Returns the form in which names of sections and keys are compared. */
export function fold(name: string): string {
  return name.toLowerCase();
}
