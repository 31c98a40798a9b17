import type { Position } from './error.js';
import { GLOBAL_KEYS, type GlobalConfig } from './global.js';
import { fold, type IniSection, type IniVariable, sectionLabel } from './ini.js';
import type { KeyKind } from './section-readers.js';
import type { SectionDeclarations } from './sections.js';

/** What gives a setting its value. `default`: nothing does. */
export type SettingSource = 'file' | 'overlay' | 'environment' | 'default';

/** A key of a configuration with one of its values, and where that comes from. */
export interface ConfigSetting {
  /** The section as it is written in a file: `Global` or `Listener "one two"`. */
  readonly section: string;
  /** The key as it is declared, if it is. */
  readonly key: string;
  /** The value as it is written; empty for a key without `=`. `undefined`: it is, or may be, a secret. */
  readonly value: string | undefined;
  readonly source: SettingSource;
  /** The path of the file, or the name of the environment variable; `undefined` for a default. */
  readonly origin: string | undefined;
  /** `undefined`: it is not from a file. */
  readonly position: Position | undefined;
  /** Whether a later one takes its place. */
  readonly isReplaced: boolean;
}

/** Sections with any keys whose values may be secrets. */
const SECRET_SECTIONS: ReadonlySet<string> = new Set(['preprocessor']);

const LISTS: ReadonlySet<KeyKind | undefined> = new Set<KeyKind>(['strings', 'preprocessors']);

/**
 * Returns all settings of a configuration that was read, in the order of its parts, and the defaults of
 * [Global].
 * @param file the path of the file, without its overlays
 */
export function configSettings(
  parts: readonly IniSection[],
  file: string,
  global: GlobalConfig,
  declarations: SectionDeclarations = {},
): ConfigSetting[] {
  const all = {
    ...declarations,
    Global: { keys: { ...declarations.Global?.keys, ...GLOBAL_KEYS } },
  };
  const kinds = new Map(
    Object.entries(all).map(([section, { keys }]) => [
      fold(section),
      new Map(Object.entries(keys).map(([key, kind]) => [fold(key), { key, kind }])),
    ]),
  );
  const given = parts.flatMap((part) =>
    part.variables.map((variable) => {
      const known = kinds.get(fold(part.name))?.get(fold(variable.name));
      const setting = settingOf(part, variable, known, file);
      return { setting, kind: known?.kind, standsAlone: variable.value === undefined };
    }),
  );
  const settings = given.map(({ kind, setting }, at) => {
    const later = given.slice(at + 1).filter((other) => isSame(other.setting, setting));
    // A value of a list stays beside later ones; a key that stands alone, without "=", clears the list.
    const isReplaced = later.some(({ standsAlone }) => standsAlone || !LISTS.has(kind));
    return { ...setting, isReplaced: isReplaced && kind !== undefined };
  });
  return [...settings, ...defaultsOf(global, settings)];
}

function settingOf(
  part: IniSection,
  variable: IniVariable,
  known: { readonly key: string; readonly kind: KeyKind } | undefined,
  file: string,
): ConfigSetting {
  const { name, value, position } = variable;
  const isSecret = known?.kind === 'secret' || SECRET_SECTIONS.has(fold(part.name));
  const written = position !== undefined;
  return {
    section: sectionLabel(part),
    key: known?.key ?? name,
    value: isSecret ? undefined : (value ?? ''),
    source: written ? (part.origin === file ? 'file' : 'overlay') : 'environment',
    origin: part.origin,
    position,
    isReplaced: false,
  };
}

function isSame(one: ConfigSetting, other: ConfigSetting): boolean {
  return one.section === other.section && fold(one.key) === fold(other.key);
}

function defaultsOf(global: GlobalConfig, given: readonly ConfigSetting[]): ConfigSetting[] {
  const isGiven = new Set(given.filter(({ section }) => fold(section) === 'global').map(keyOf));
  return Object.entries(GLOBAL_KEYS)
    .filter(([key]) => !isGiven.has(fold(key)))
    .map(([key, kind]) => ({
      section: 'Global',
      key,
      value: kind === 'secret' ? undefined : textOf(global[property(key)]),
      source: 'default',
      origin: undefined,
      position: undefined,
      isReplaced: false,
    }));
}

const keyOf = ({ key }: ConfigSetting): string => fold(key);

function property(key: string): keyof GlobalConfig {
  // The keys of the table are those of the type, with another dash.
  return key.replaceAll('-', '_') as keyof GlobalConfig;
}

function textOf(value: GlobalConfig[keyof GlobalConfig]): string {
  return Array.isArray(value) ? value.join(', ') : `${value}`;
}
