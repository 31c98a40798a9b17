import { ConfigFileError, locate } from './error.js';
import { type IniSection, type IniVariable, sectionLabel } from './ini.js';
import { parseInteger, parseSwitch } from './scalars.js';

/**
 * What the values of a key are, and what an absent key is:
 * - `string`: text; absent: empty. A repeated key replaces.
 * - `strings`: text, a list of all values of the key; absent: empty. A key without `=` clears it.
 * - `boolean`: true, yes, on, 1 or false, no, off, 0; a key without `=` is true; absent: false.
 * - `integer`: decimal or hexadecimal after `0x`; absent: 0.
 * - `secret`: text as `string`, in a property that is not enumerable, so that it is in no log, JSON
 *   or copy of the section by accident.
 */
export type KeyKind = keyof KeyValues;

interface KeyValues {
  readonly string: string;
  readonly strings: readonly string[];
  readonly boolean: boolean;
  readonly integer: number;
  readonly secret: string;
}

/** The keys of a section as they stand in a file, for example `'Tag-Name'`. Case does not matter. */
export type SectionKeys = Readonly<Record<string, KeyKind>>;

/** A section that a program knows. */
export interface SectionDeclaration {
  readonly keys: SectionKeys;
  /** Whether the section comes with names, `[Listener "one"]`, and any number of times. */
  readonly named?: boolean;
}

/**
 * The sections that a program knows, by their name in a file. Case does not matter. What is declared
 * for `Global` are keys that the program adds to that section.
 */
export type SectionDeclarations = Readonly<Record<string, SectionDeclaration>> & {
  readonly Global?: SectionDeclaration & { readonly named?: false };
};

/** The property of a key or section: the name as declared, with `_` for `-`. */
export type PropertyName<Name> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}_${PropertyName<Tail>}`
  : Name;

/** The values of a section: a property for every key that was declared. */
export type SectionValues<Keys extends SectionKeys> = {
  readonly [Name in keyof Keys as PropertyName<Name>]: KeyValues[Keys[Name]];
};

/** A section as it was read: its values, or a map of them by (case-sensitive) name. */
export type Section<Declaration extends SectionDeclaration> = Declaration extends { named: true }
  ? ReadonlyMap<string, SectionValues<Declaration['keys']>>
  : SectionValues<Declaration['keys']>;

/** All sections that were declared besides `Global`, whether the file has them or not. */
export type Sections<Declarations extends SectionDeclarations> = {
  readonly [Name in Exclude<keyof Declarations, 'Global'> as PropertyName<Name>]: Section<
    Declarations[Name]
  >;
};

type Values = Record<string, unknown>;

/**
 * Gives the variables of a file to the sections and keys that are declared. Parts of a section that
 * stand apart in the file are put together. The result has a {@link Section} for every declaration.
 *
 * @throws {ConfigFileError} for a section or a key that is not declared, for a value that is not of
 * the kind of its key, and for declarations that differ in case only.
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
        // What slipped from a secret to the next line looks like a key; it must not be shown.
        const nameable = variable.value !== undefined && !afterEmptySecret;
        throw new ConfigFileError(
          nameable
            ? 'this key is not known in this section; check its spelling'
            : 'a word that is no key of this section',
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

/** The form in which names of sections and keys are compared. */
export function fold(name: string): string {
  return name.toLowerCase();
}
