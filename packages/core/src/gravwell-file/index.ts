export type { ConfigSetting, SettingSource } from './config-settings.js';
export type { Environment } from './environment.js';
export { ConfigFileError, type ConfigFilePlace, type Position } from './error.js';
export { type ConfigFile, parseConfigFile } from './file.js';
export type { GlobalConfig, GlobalKey } from './global.js';
export { type LoadedConfig, type LoadOptions, loadConfig } from './load.js';
export {
  parseBoolean,
  parseDuration,
  parseInteger,
  parseRate,
  parseSourceOverride,
  parseUuid,
} from './scalars.js';
export type {
  KeyKind,
  PropertyName,
  Section,
  SectionDeclaration,
  SectionDeclarations,
  SectionKeys,
  Sections,
  SectionValues,
} from './sections.js';
export {
  type GlobalSettings,
  globalRateLimit,
  globalSecret,
  globalSettings,
  globalTargets,
  globalTimeoutMs,
  globalUuid,
  MIN_FILE_RATE_LIMIT,
} from './settings.js';
export type {
  PreprocessorSection,
  SharedSections,
  TimeFormatSection,
} from './shared-sections.js';
export { withDefaultPort } from './targets.js';
