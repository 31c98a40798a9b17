import { join } from 'node:path';
import {
  ConfigFileError,
  checkTag,
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
  type SectionValues,
} from '@ringest/core';
import type { CustomFormat, TimeOptions } from '@ringest/timestamps';
import { escapePath } from 'tinyglobby';
import type { EntryOptions } from './entries/entry-streams.js';
import { dropPriority } from './entries/steps.js';
import { parseListenAddress } from './listen/listen-address.js';
import type { ListenOptions } from './listen/listen-options.js';

/** What the sections of inputs have in common. */
const SHARED_KEYS = {
  'Tag-Name': 'string',
  'Ignore-Timestamps': 'boolean',
  'Assume-Local-Timezone': 'boolean',
  'Timezone-Override': 'string',
  'Timestamp-Format-Override': 'string',
  'Source-Override': 'string',
} as const;

const LISTENER_KEYS = {
  ...SHARED_KEYS,
  'Bind-String': 'string',
  'Reader-Type': 'string',
  'Keep-Priority': 'boolean',
  'Cert-File': 'string',
  'Key-File': 'string',
} as const;

const FOLLOWER_KEYS = {
  ...SHARED_KEYS,
  'Base-Directory': 'string',
  'File-Filter': 'string',
  Recursive: 'boolean',
} as const;

const SECTIONS = {
  Global: { keys: { 'State-Store-Location': 'string' } },
  Listener: { named: true, keys: LISTENER_KEYS },
  Follower: { named: true, keys: FOLLOWER_KEYS },
} as const;

type ShipConfig = LoadedConfig<typeof SECTIONS>;
type SharedValues = SectionValues<typeof SHARED_KEYS>;

/** The inputs that a configuration file has. */
export interface ConfiguredInputs {
  /** How entries are made of the files of each path or pattern. */
  readonly followed: ReadonlyMap<string, EntryOptions>;
  readonly listened: readonly { readonly listen: ListenOptions; readonly entries: EntryOptions }[];
  /** Where it is kept how far files are confirmed; `undefined`: the file does not say. */
  readonly statePath: string | undefined;
  /** Formats of times that the file adds. */
  readonly timeFormats: readonly CustomFormat[];
}

/** Kinds of listeners by the readers of Gravwell's simple relay. */
const READERS = new Map<string, 'lines' | 'syslog'>([
  ['', 'lines'],
  ['line', 'lines'],
  ['rfc5424', 'syslog'],
  ['rfc6587', 'syslog'],
]);

/**
 * Loads a configuration file that may have inputs, as those of Gravwell's simple relay and file follower do.
 * @throws {ConfigFileError} it cannot be used
 */
export function loadShipConfig(
  path: string,
  options: Pick<LoadOptions<typeof SECTIONS>, 'overlays' | 'writeUuid'> = {},
): ShipConfig {
  return loadConfig(path, { ...options, sections: SECTIONS });
}

/**
 * The inputs of a file.
 * @param entries what the flags say of entries, for what a section does not say
 * @param listen the limits of the flags
 * @throws {ConfigFileError} a value cannot be used
 */
export function configuredInputs(
  config: ShipConfig,
  entries: EntryOptions,
  listen: ListenOptions,
): ConfiguredInputs {
  const { sections, global, timeFormats } = config;
  const customFormats = [...timeFormats].map(([name, { Format, Regex, Extraction_Regex }]) => ({
    name,
    format: Format,
    ...(Regex === '' ? {} : { regex: Regex }),
    ...(Extraction_Regex === '' ? {} : { extractionRegex: Extraction_Regex }),
  }));
  const followed = [...sections.Follower].flatMap(([name, section]) => {
    const own = entriesOf(`Follower "${name}"`, section, entries, customFormats);
    return patternsOf(`Follower "${name}"`, section).map((pattern) => [pattern, own] as const);
  });
  const listened = [...sections.Listener].map(([name, section]) =>
    listenerOf(`Listener "${name}"`, section, { entries, listen, customFormats }),
  );
  return {
    followed: new Map(followed),
    listened,
    statePath: global.State_Store_Location || undefined,
    timeFormats: customFormats,
  };
}

function entriesOf(
  section: string,
  values: SharedValues,
  entries: EntryOptions,
  customFormats: readonly CustomFormat[],
): EntryOptions {
  const { Tag_Name, Source_Override, Ignore_Timestamps } = values;
  const tag = at(section, 'Tag-Name', () => checkTag(Tag_Name || entries.tag));
  return {
    ...entries,
    tag,
    source: Source_Override || entries.source,
    times: Ignore_Timestamps ? undefined : timesOf(section, values, customFormats),
  };
}

function timesOf(
  section: string,
  { Assume_Local_Timezone, Timezone_Override, Timestamp_Format_Override: format }: SharedValues,
  customFormats: readonly CustomFormat[],
): TimeOptions {
  if (Assume_Local_Timezone && Timezone_Override !== '') {
    const problem =
      'a zone and the local one: give one of Timezone-Override and Assume-Local-Timezone';
    throw new ConfigFileError(problem, { section, field: 'Timezone-Override' });
  }
  const zone = Assume_Local_Timezone ? 'local' : Timezone_Override;
  return {
    customFormats,
    ...(zone === '' ? {} : { zone }),
    ...(format === '' ? {} : { format }),
  };
}

function patternsOf(
  section: string,
  { Base_Directory, File_Filter, Recursive }: SectionValues<typeof FOLLOWER_KEYS>,
): string[] {
  if (Base_Directory === '') {
    throw new ConfigFileError('it is missing', { section, field: 'Base-Directory' });
  }
  const folder = Recursive ? join(escapePath(Base_Directory), '**') : escapePath(Base_Directory);
  const filters = (File_Filter || '*').split(',').map((filter) => filter.trim());
  return filters.filter((filter) => filter !== '').map((filter) => join(folder, filter));
}

function listenerOf(
  section: string,
  values: SectionValues<typeof LISTENER_KEYS>,
  given: {
    readonly entries: EntryOptions;
    readonly listen: ListenOptions;
    readonly customFormats: readonly CustomFormat[];
  },
): ConfiguredInputs['listened'][number] {
  const { Bind_String, Reader_Type, Keep_Priority, Cert_File: cert, Key_File: key } = values;
  const kind = READERS.get(Reader_Type.toLowerCase());
  if (kind === undefined) {
    const known = 'it must be line, rfc5424 or rfc6587';
    throw new ConfigFileError(known, { section, field: 'Reader-Type' });
  }
  const address = at(section, 'Bind-String', () => parseListenAddress(Bind_String));
  if ((address.transport === 'tls') !== (cert !== '' && key !== '')) {
    const problem = 'tls:// takes a Cert-File and a Key-File, and nothing else does';
    throw new ConfigFileError(problem, { section, field: 'Bind-String' });
  }
  const own = entriesOf(section, values, given.entries, given.customFormats);
  const dropsPriority = kind === 'syslog' && !Keep_Priority;
  return {
    entries: dropsPriority ? { ...own, steps: [dropPriority, ...own.steps] } : own,
    listen: {
      ...given.listen,
      listeners: [{ kind, address }],
      certificate: cert === '' ? undefined : { cert, key },
    },
  };
}

/** Runs a check of a key. */
function at<Value>(section: string, field: string, check: () => Value): Value {
  try {
    return check();
  } catch (error) {
    throw new ConfigFileError((error as Error).message, { section, field });
  }
}
