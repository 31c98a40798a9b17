import { ConfigFileError } from './error.js';
import { fold, type IniSection, placeOf } from './ini.js';
import {
  hintOf,
  type KeyKind,
  type KeyValues,
  KnownKeys,
  NamedSections,
  type SectionReader,
} from './section-readers.js';

export type { KeyKind } from './section-readers.js';

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
 * The keys of `Global` are added to those that the section has. `Attach`, `TimeFormat` and `Preprocessor`
 * are known already and cannot be declared.
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

/**
 * Assigns the variables of a file to the declared sections and keys. Parts of a section at several
 * places of the file are put together. The result has a {@link Section} for every declaration.
 *
 * @param shared what reads the sections that need no declaration, by their names; they are not in the result
 * @throws {ConfigFileError} for a section or key that is not declared, for a value that does not fit the
 * kind of its key, and for declarations that differ only in case.
 */
export function readSections(
  file: readonly IniSection[],
  declarations: SectionDeclarations,
  shared: Readonly<Record<string, SectionReader>>,
): Readonly<Record<string, unknown>> {
  const declared = Object.entries(declarations).map(
    ([name, declaration]) => [name, readerOf(declaration)] as const,
  );
  const readers = foldNames([...declared, ...Object.entries(shared)], (_name, reader) => reader);
  for (const part of file) {
    const reader = readers.get(fold(part.name));
    if (!reader) {
      const names = [...declared, ...Object.entries(shared)].map(([name]) => name);
      throw new ConfigFileError(`this section is not known here; ${hintOf(part.name, names)}`, {
        ...placeOf(part),
        field: part.name,
      });
    }
    reader.read(part);
  }
  return Object.fromEntries(declared.map(([name, { value }]) => [propertyName(name), value]));
}

function readerOf({ keys, named }: SectionDeclaration): SectionReader {
  const known = foldNames(Object.entries(keys), (name, kind) => ({
    name,
    property: propertyName(name),
    kind,
  }));
  return named ? new NamedSections(() => new KnownKeys(known)) : new KnownKeys(known);
}

function foldNames<Value, Result>(
  names: readonly (readonly [name: string, value: Value])[],
  make: (name: string, value: Value) => Result,
): Map<string, Result> {
  const folded = new Map<string, Result>();
  for (const [name, value] of names) {
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
