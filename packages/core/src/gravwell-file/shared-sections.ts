/** The sections beside [Global] that all ingesters have in common. */
import { ConfigFileError, quote } from './error.js';
import { fold, type IniSection, placeOf } from './ini.js';
import { type FreeKey, FreeKeys, KnownKeys, NamedSections } from './section-readers.js';
import type { SectionDeclarations } from './sections.js';

/** A section [TimeFormat "name"]: a custom format of timestamps, for whoever extracts them. */
export interface TimeFormatSection {
  /** The layout, in the form of Go. */
  readonly Format: string;
  /** The regular expression that finds a timestamp. */
  readonly Regex: string;
  /** The regular expression whose named group is searched instead of the whole data. Empty: none. */
  readonly Extraction_Regex: string;
}

/** A section [Preprocessor "name"]. ringest runs none: they are for the program that reads the file. */
export interface PreprocessorSection {
  /** The value of the key `Type`, in small letters. */
  readonly type: string;
  /**
   * The values of each other key, in order, by the name of the key in small letters. A key that stands
   * alone, without `=`, has the value `true`. They may hold secrets: keep them out of logs.
   */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** The shared sections of a file, but [Global]. */
export interface SharedSections {
  /** The values of [Attach] by their names: constants and variables, as the option `attach` takes them. */
  readonly attach: Readonly<Record<string, string>>;
  /** The sections [TimeFormat "name"] by their names. */
  readonly timeFormats: ReadonlyMap<string, TimeFormatSection>;
  /** The sections [Preprocessor "name"] by their names. */
  readonly preprocessors: ReadonlyMap<string, PreprocessorSection>;
}

const TIME_FORMAT_KEYS = new Map(
  ['Format', 'Regex', 'Extraction-Regex'].map((name) => [
    fold(name),
    { name, property: name.replaceAll('-', '_'), kind: 'string' as const },
  ]),
);

/** Collects the shared sections of one configuration. */
export class SharedSectionReaders {
  readonly Attach = new FreeKeys();
  readonly TimeFormat = new NamedSections(() => new KnownKeys(TIME_FORMAT_KEYS));
  readonly Preprocessor = new NamedSections(() => new FreeKeys());

  /**
   * Checks and returns what was read.
   * @param file for the places of errors
   * @throws {ConfigFileError} for an attached name without a value, a time format without `Format` or
   * `Regex`, and a preprocessor without `Type`
   */
  finish(file: readonly IniSection[]): SharedSections {
    const placeIn = (kind: string, name?: string) => {
      const part = file.find(
        (one) => fold(one.name) === kind && (one.subsection ?? '') === (name ?? ''),
      );
      return part === undefined ? {} : placeOf(part);
    };
    const attach = [...this.Attach.value.values()].map(({ name, values }) => {
      const value = values.at(-1);
      if (value !== undefined) return [name, value] as const;
      const problem = 'this key needs a value; write "=" and the value after it';
      throw new ConfigFileError(problem, { ...placeIn('attach'), field: name });
    });
    // The declaration of its keys makes exactly these properties.
    const timeFormats = this.TimeFormat.value as ReadonlyMap<
      string,
      unknown
    > as SharedSections['timeFormats'];
    for (const [name, { Format, Regex }] of timeFormats) {
      const field = Format === '' ? 'Format' : Regex === '' ? 'Regex' : undefined;
      if (field === undefined) continue;
      throw new ConfigFileError('is missing', { ...placeIn('timeformat', name), field });
    }
    const preprocessors = new Map<string, PreprocessorSection>();
    for (const [name, keys] of this.Preprocessor.value) {
      const type = keys.get('type')?.values.at(-1) ?? '';
      if (type === '') {
        const problem = 'is missing; it says what the preprocessor does';
        throw new ConfigFileError(problem, { ...placeIn('preprocessor', name), field: 'Type' });
      }
      preprocessors.set(name, { type: fold(type), values: valuesOf(keys) });
    }
    return { attach: Object.fromEntries(attach), timeFormats, preprocessors };
  }
}

function valuesOf(keys: ReadonlyMap<string, FreeKey>): Map<string, readonly string[]> {
  const others = [...keys].filter(([name]) => name !== 'type');
  return new Map(
    others.map(([name, { values }]) => [name, values.map((value) => value ?? 'true')]),
  );
}

/**
 * Checks that each preprocessor that a declared section asks for exists and can be run.
 *
 * @param runs the types that the program runs
 * @throws {ConfigFileError} for the first one that does not
 */
export function checkPreprocessors(
  file: readonly IniSection[],
  declarations: SectionDeclarations,
  preprocessors: SharedSections['preprocessors'],
  runs: readonly string[],
): void {
  const asking = new Map(
    Object.entries(declarations).map(([name, { keys }]) => {
      const kinds = Object.entries(keys).filter(([, kind]) => kind === 'preprocessors');
      return [fold(name), new Set(kinds.map(([key]) => fold(key)))];
    }),
  );
  const known = new Set(runs.map(fold));
  for (const part of file) {
    const keys = asking.get(fold(part.name));
    for (const variable of part.variables) {
      const { name: field, value } = variable;
      if (value === undefined || !keys?.has(fold(field))) continue;
      const type = preprocessors.get(value)?.type;
      if (type !== undefined && known.has(type)) continue;
      throw new ConfigFileError(
        type === undefined
          ? `there is no section [Preprocessor ${quote(value)}]`
          : `the preprocessor ${quote(value)} has the type ${quote(type)}, which this program does not run; remove it here`,
        { ...placeOf(part, variable), field },
      );
    }
  }
}
