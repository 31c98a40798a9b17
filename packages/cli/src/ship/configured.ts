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
import { EntryTimes } from './entries/entry-times.js';
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
  options: Pick<LoadOptions<typeof SECTIONS>, 'overlays' | 'writeUuid' | 'onProblem'> = {},
): ShipConfig {
  return loadConfig(path, { ...options, sections: SECTIONS });
}

/** Runs a check of a key of a section. What has no use then has the other value, if problems are told. */
type Check = <Value>(section: string, field: string, check: () => Value, other: Value) => Value;

/**
 * The inputs of a file.
 * @param entries what the flags say of entries, for what a section does not say
 * @param listen the limits of the flags
 * @param tell gets each problem. Default: the first one is thrown
 * @throws {ConfigFileError} a value cannot be used
 */
export function configuredInputs(
  config: ShipConfig,
  entries: EntryOptions,
  listen: ListenOptions,
  tell?: (problem: ConfigFileError) => void,
): ConfiguredInputs {
  const { sections, global } = config;
  const check = checkWith(tell);
  const customFormats = customFormatsOf(config, check);
  const given = { entries, listen, customFormats, check };
  const followed = new Map<string, EntryOptions>();
  for (const [name, values] of sections.Follower) {
    const section = `Follower ${JSON.stringify(name)}`;
    const own = entriesOf(section, values, given);
    for (const pattern of patternsOf(section, values, check)) {
      const isNew = () => {
        if (followed.has(pattern)) throw new Error(`${pattern} is followed already`);
      };
      check(section, 'File-Filter', isNew, undefined);
      followed.set(pattern, own);
    }
  }
  const listened = [...sections.Listener].flatMap(([name, values]) =>
    listenersOf(`Listener ${JSON.stringify(name)}`, values, given),
  );
  return {
    followed,
    listened,
    statePath: global.State_Store_Location || undefined,
    timeFormats: customFormats,
  };
}

/** What sections are made into inputs with. */
interface Given {
  readonly entries: EntryOptions;
  readonly listen: ListenOptions;
  readonly customFormats: readonly CustomFormat[];
  readonly check: Check;
}

function customFormatsOf({ timeFormats }: ShipConfig, check: Check): CustomFormat[] {
  return [...timeFormats].flatMap(([name, { Format, Regex, Extraction_Regex }]) => {
    const format: CustomFormat = {
      name,
      format: Format,
      ...(Regex === '' ? {} : { regex: Regex }),
      ...(Extraction_Regex === '' ? {} : { extractionRegex: Extraction_Regex }),
    };
    const section = `TimeFormat ${JSON.stringify(name)}`;
    const usable = () => {
      new EntryTimes({ customFormats: [format] });
      return [format];
    };
    return check(section, 'Format', usable, []);
  });
}

function entriesOf(section: string, values: SharedValues, given: Given): EntryOptions {
  const { entries, check } = given;
  const { Tag_Name, Source_Override, Ignore_Timestamps } = values;
  const tag = check(section, 'Tag-Name', () => checkTag(Tag_Name || entries.tag), entries.tag);
  return {
    ...entries,
    tag,
    source: Source_Override || entries.source,
    times: entries.times && !Ignore_Timestamps ? timesOf(section, values, given) : undefined,
  };
}

function timesOf(
  section: string,
  { Assume_Local_Timezone, Timezone_Override, Timestamp_Format_Override }: SharedValues,
  { entries, customFormats, check }: Given,
): TimeOptions {
  const zoneOf = () => {
    if (Assume_Local_Timezone && Timezone_Override !== '') {
      throw new Error(
        'a zone and the local one: give one of Timezone-Override and Assume-Local-Timezone',
      );
    }
    return usable(Assume_Local_Timezone ? 'local' : Timezone_Override, (zone) => ({ zone }));
  };
  const formatOf = () => usable(Timestamp_Format_Override, (format) => ({ format, customFormats }));
  return {
    ...entries.times,
    customFormats,
    ...check(section, 'Timezone-Override', zoneOf, {}),
    ...check(section, 'Timestamp-Format-Override', formatOf, {}),
  };
}

/** Options for a text, if it is given. @throws {TimeOptionError} it cannot be used */
function usable(text: string, options: (text: string) => TimeOptions): TimeOptions {
  if (text === '') return {};
  const made = options(text);
  new EntryTimes(made);
  return made;
}

function patternsOf(
  section: string,
  { Base_Directory, File_Filter, Recursive }: SectionValues<typeof FOLLOWER_KEYS>,
  check: Check,
): string[] {
  const baseOf = () => {
    if (Base_Directory === '') throw new Error('it is missing');
    return [escapePath(Base_Directory)];
  };
  const filters = (File_Filter || '*').split(',').map((filter) => filter.trim());
  return check(section, 'Base-Directory', baseOf, []).flatMap((base) => {
    const folder = Recursive ? join(base, '**') : base;
    return filters.filter((filter) => filter !== '').map((filter) => join(folder, filter));
  });
}

function listenersOf(
  section: string,
  values: SectionValues<typeof LISTENER_KEYS>,
  given: Given,
): ConfiguredInputs['listened'] {
  const { Bind_String, Reader_Type, Keep_Priority, Cert_File: cert, Key_File: key } = values;
  const { check } = given;
  const kindOf = () => {
    const kind = READERS.get(Reader_Type.toLowerCase());
    if (kind === undefined) throw new Error('it must be line, rfc5424 or rfc6587');
    return kind;
  };
  const addressesOf = () => {
    const address = parseListenAddress(Bind_String);
    if ((address.transport === 'tls') !== (cert !== '' && key !== '')) {
      throw new Error('tls:// takes a Cert-File and a Key-File, and nothing else does');
    }
    return [address];
  };
  const kind = check(section, 'Reader-Type', kindOf, 'lines');
  const own = entriesOf(section, values, given);
  const dropsPriority = kind === 'syslog' && !Keep_Priority;
  return check(section, 'Bind-String', addressesOf, []).map((address) => ({
    entries: dropsPriority ? { ...own, steps: [dropPriority, ...own.steps] } : own,
    listen: {
      ...given.listen,
      listeners: [{ kind, address }],
      certificate: cert === '' ? undefined : { cert, key },
    },
  }));
}

function checkWith(tell: ((problem: ConfigFileError) => void) | undefined): Check {
  return (section, field, check, other) => {
    try {
      return check();
    } catch (error) {
      const problem = new ConfigFileError((error as Error).message, { section, field });
      if (tell === undefined) throw problem;
      tell(problem);
      return other;
    }
  };
}
