import { ConfigFileError, locate, type Position } from './error.js';
import { applyDefaults, GLOBAL_KEYS, type GlobalConfig } from './global.js';
import { type IniSection, parseIni } from './ini.js';
import {
  fold,
  readSections,
  type SectionDeclarations,
  type SectionKeys,
  type Sections,
  type SectionValues,
} from './sections.js';
import { checkGlobal } from './settings.js';

/** A configuration file that was read and checked. */
export interface ConfigFile<Declarations extends SectionDeclarations> {
  /** The [Global] section with its defaults, and with the keys that were declared for it besides. */
  readonly global: GlobalConfig &
    (Declarations extends { readonly Global: { readonly keys: infer Keys extends SectionKeys } }
      ? SectionValues<Keys>
      : unknown);
  /** The other sections that were declared. */
  readonly sections: Sections<Declarations>;
}

/**
 * Reads the text of an ingester's configuration file: [Global], which all ingesters share, and the
 * sections that `declarations` adds. Environment variables are not looked at.
 *
 *     const { global, sections } = parseConfigFile(text, {
 *       Listener: { named: true, keys: { 'Tag-Name': 'string', 'Ignore-Timestamps': 'boolean' } },
 *     });
 *     const { targets, secret } = globalSettings(global);
 *     for (const [name, listener] of sections.Listener) console.log(name, listener.Tag_Name);
 *
 * Everything in [Global] is checked but what only its user can judge: the rate limit and the file of
 * the secret, see `globalSettings`. The secret is in `global.Ingest_Secret`, which is not enumerable.
 *
 * @throws {ConfigFileError} for what is not of the grammar, unknown sections and keys, values that
 * cannot be used, and a [Global] section without a secret or a target.
 */
export function parseConfigFile<
  const Declarations extends SectionDeclarations = Record<never, never>,
>(text: string, declarations?: Declarations): ConfigFile<Declarations> {
  const file = parseIni(text);
  const { Global, ...sections } = readSections(file, {
    ...declarations,
    Global: { keys: { ...declarations?.Global?.keys, ...GLOBAL_KEYS } },
  });
  // What was read has the properties that were declared, from which its types are derived.
  const global = Global as ConfigFile<Declarations>['global'];
  applyDefaults(global);
  try {
    checkGlobal(global);
  } catch (error) {
    throw locate(error, { section: 'Global', position: positionIn(file, error) });
  }
  return { global, sections: sections as Sections<Declarations> };
}

/** Where the key of [Global] that an error is about stands, if it was given exactly once. */
function positionIn(file: readonly IniSection[], error: unknown): Position | undefined {
  const field = error instanceof ConfigFileError ? error.field : undefined;
  if (field === undefined) return undefined;
  const given = file
    .filter(({ name }) => fold(name) === fold('Global'))
    .flatMap(({ variables }) => variables)
    .filter(({ name }) => fold(name) === fold(field));
  return given.length === 1 ? given[0]?.position : undefined;
}
