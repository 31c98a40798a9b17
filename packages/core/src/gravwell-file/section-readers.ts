/** What collects the variables of one kind of section, from all places of a file that have it. */
import { ConfigFileError, locate } from './error.js';
import { fold, type IniSection, type IniVariable, placeOf } from './ini.js';
import { nearest } from './nearest.js';
import { parseInteger, parseSwitch } from './scalars.js';

/**
 * The kind of a key, which says what its values are, and what an absent key is:
 * - `string`: text; absent: empty. A repeated key replaces.
 * - `strings`: a list of the texts of all values of the key; absent: empty. A key without `=` clears it.
 * - `boolean`: true, yes, on, 1 or false, no, off, 0; a key without `=` is true; absent: false.
 * - `integer`: decimal or hexadecimal after `0x`; absent: 0.
 * - `secret`: text like `string`, in a property that is not enumerable, so that it does not get into a
 *   log, JSON or a copy of the section by accident.
 * - `preprocessors`: a list like `strings`, of names of [Preprocessor "name"] sections. Each must exist,
 *   and have a type that the program runs.
 */
export type KeyKind = keyof KeyValues;

export interface KeyValues {
  readonly string: string;
  readonly strings: readonly string[];
  readonly boolean: boolean;
  readonly integer: number;
  readonly secret: string;
  readonly preprocessors: readonly string[];
}

/** Collects the parts of a section. */
export interface SectionReader {
  /** What has been read so far. */
  readonly value: unknown;
  /** @throws {ConfigFileError} the section cannot have this name, key or value */
  read(part: IniSection): void;
}

/** A declared key: its property in the value of the section, and its kind. */
export interface KnownKey {
  /** As it is declared. */
  readonly name: string;
  readonly property: string;
  readonly kind: KeyKind;
}

/** A section without a name that has declared keys. */
export class KnownKeys implements SectionReader {
  readonly value: Record<string, unknown> = {};
  readonly #keys: ReadonlyMap<string, KnownKey>;

  /** @param keys by their names in small letters */
  constructor(keys: ReadonlyMap<string, KnownKey>) {
    this.#keys = keys;
    for (const { property, kind } of keys.values()) {
      Object.defineProperty(this.value, property, {
        value: absent(kind),
        writable: true,
        enumerable: kind !== 'secret',
      });
    }
  }

  read(part: IniSection): void {
    refuseName(part);
    this.readVariables(part);
  }

  #hint(key: string): string {
    return hintOf(
      key,
      Array.from(this.#keys.values(), ({ name }) => name),
    );
  }

  readVariables(part: IniSection): void {
    let afterEmptySecret = false;
    for (const variable of part.variables) {
      const { name: field } = variable;
      const key = this.#keys.get(fold(field));
      if (!key) {
        // A secret on the line after its key looks like a key. It must not be shown.
        const nameable = variable.value !== undefined && !afterEmptySecret;
        throw new ConfigFileError(
          nameable
            ? `this key is not known in this section; ${this.#hint(field)}`
            : 'a word that is not a key of this section; check its spelling',
          { ...placeOf(part, variable), field: nameable ? field : undefined },
        );
      }
      try {
        this.value[key.property] = read(variable, key.kind, this.value[key.property]);
      } catch (error) {
        throw locate(error, placeOf(part, variable));
      }
      afterEmptySecret = key.kind === 'secret' && !variable.value;
    }
  }
}

/** A key of a section that may have any keys. */
export interface FreeKey {
  /** The name, in the case in which it was written first. */
  readonly name: string;
  /** All of its values in order; `undefined`: the key stands alone, without "=". */
  readonly values: (string | undefined)[];
}

/** A section that may have any keys. */
export class FreeKeys implements SectionReader {
  /** By the name in small letters. */
  readonly value = new Map<string, FreeKey>();

  read(part: IniSection): void {
    refuseName(part);
    this.readVariables(part);
  }

  readVariables({ variables }: IniSection): void {
    for (const { name, value } of variables) {
      const folded = fold(name);
      const key = this.value.get(folded) ?? { name, values: [] };
      key.values.push(value);
      this.value.set(folded, key);
    }
  }
}

/** Sections of one kind, by the names in their quotes. Case matters. */
export class NamedSections<Reader extends KnownKeys | FreeKeys> implements SectionReader {
  readonly sections = new Map<string, Reader>();
  readonly #make: () => Reader;

  constructor(make: () => Reader) {
    this.#make = make;
  }

  get value(): ReadonlyMap<string, Reader['value']> {
    return new Map([...this.sections].map(([name, { value }]) => [name, value]));
  }

  read(part: IniSection): void {
    const name = part.subsection ?? '';
    const section = this.sections.get(name) ?? this.#make();
    this.sections.set(name, section);
    section.readVariables(part);
  }
}

/** What to do about a name that is not known. */
export function hintOf(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return meant === undefined ? 'check its spelling' : `did you mean ${meant}?`;
}

function refuseName(part: IniSection): void {
  if (part.subsection === undefined) return;
  throw new ConfigFileError('this section has no name in quotes', {
    ...placeOf(part),
    field: part.name,
  });
}

function absent(kind: KeyKind): KeyValues[KeyKind] {
  switch (kind) {
    case 'strings':
    case 'preprocessors':
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
    if (kind === 'strings' || kind === 'preprocessors') return [];
    throw new ConfigFileError('this key needs a value; write "=" and the value after it', {
      field: name,
    });
  }
  switch (kind) {
    case 'strings':
    case 'preprocessors': {
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
