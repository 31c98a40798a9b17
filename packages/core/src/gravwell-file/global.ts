import { MAX_DATA_BYTES } from '@ringest/codec';
import type { SectionKeys } from './sections.js';

/**
 * The keys of the [Global] section, which is the same for all ingesters. Names are those of the
 * file with `_` for `-`. An absent key is empty, false or 0 unless a default is given.
 */
export interface GlobalConfig {
  readonly Ingester_Name: string;
  /** Not enumerable: absent from logs, JSON and copies by spreading. */
  readonly Ingest_Secret: string;
  /** A file whose first line is the secret, used when there is no Ingest_Secret. Not enumerable. */
  readonly Ingest_Secret_File: string;
  /** A Go duration: how long to wait for the first hot connection. Empty: for ever. */
  readonly Connection_Timeout: string;
  /** Superseded: when true, {@link Insecure_Skip_TLS_Verify} is false. */
  readonly Verify_Remote_Certificates: boolean;
  readonly Insecure_Skip_TLS_Verify: boolean;
  /** Indexers by tcp, `host` or `host:port`. */
  readonly Cleartext_Backend_Target: readonly string[];
  /** Indexers by TLS, `host` or `host:port`. */
  readonly Encrypted_Backend_Target: readonly string[];
  /** Indexers by Unix socket, as paths. */
  readonly Pipe_Backend_Target: readonly string[];
  readonly Enable_Compression: boolean;
  /** `OFF`, `ERROR`, `WARN` or `INFO`, in capitals here; default `ERROR`. */
  readonly Log_Level: string;
  readonly Log_File: string;
  /** `host:port`; excludes Log_File. */
  readonly Log_UDP_Target: string;
  readonly Disable_Self_Ingest: boolean;
  /** An address for all entries. */
  readonly Source_Override: string;
  /** An address for the entries of the ingester's own log. */
  readonly Log_Source_Override: string;
  /** A rate as `parseRate` takes it. Empty: no limit. */
  readonly Rate_Limit: string;
  readonly Ingester_UUID: string;
  /** Entries that are held in memory before the cache is used; default 128. */
  readonly Cache_Depth: number;
  /** `always` or `fail`, in small letters here; default `always`. */
  readonly Cache_Mode: string;
  readonly Ingest_Cache_Path: string;
  /** In MiB; default 1000 if there is an Ingest_Cache_Path. */
  readonly Max_Ingest_Cache: number;
  readonly Label: string;
  readonly Disable_Multithreading: boolean;
  /** A Go duration. Empty: no statistics. */
  readonly Stats_Sample_Interval: string;
  /** A Go duration: entries further in the past get the present time. Empty: never. */
  readonly Timestamp_Max_Past_Delta: string;
  /** A Go duration: entries further in the future get the present time. Empty: never. */
  readonly Timestamp_Max_Future_Delta: string;
  /** In bytes; default and largest 2^30 - 1. */
  readonly Max_Entry_Size: number;
}

/** The keys of {@link GlobalConfig} as they stand in a file. */
export const GLOBAL_KEYS = {
  'Ingester-Name': 'string',
  'Ingest-Secret': 'secret',
  'Ingest-Secret-File': 'secret',
  'Connection-Timeout': 'string',
  'Verify-Remote-Certificates': 'boolean',
  'Insecure-Skip-TLS-Verify': 'boolean',
  'Cleartext-Backend-Target': 'strings',
  'Encrypted-Backend-Target': 'strings',
  'Pipe-Backend-Target': 'strings',
  'Enable-Compression': 'boolean',
  'Log-Level': 'string',
  'Log-File': 'string',
  'Log-UDP-Target': 'string',
  'Disable-Self-Ingest': 'boolean',
  'Source-Override': 'string',
  'Log-Source-Override': 'string',
  'Rate-Limit': 'string',
  'Ingester-UUID': 'string',
  'Cache-Depth': 'integer',
  'Cache-Mode': 'string',
  'Ingest-Cache-Path': 'string',
  'Max-Ingest-Cache': 'integer',
  Label: 'string',
  'Disable-Multithreading': 'boolean',
  'Stats-Sample-Interval': 'string',
  'Timestamp-Max-Past-Delta': 'string',
  'Timestamp-Max-Future-Delta': 'string',
  'Max-Entry-Size': 'integer',
} as const satisfies SectionKeys;

/**
 * Fills in defaults and brings words to their usual case, in place: a copy would lose the
 * properties that are not enumerable.
 */
export function applyDefaults(
  global: { -readonly [Key in keyof GlobalConfig]: GlobalConfig[Key] },
): void {
  if (global.Verify_Remote_Certificates) global.Insecure_Skip_TLS_Verify = false;
  global.Log_Level = global.Log_Level.trim().toUpperCase() || 'ERROR';
  global.Cache_Mode = global.Cache_Mode.toLowerCase() || 'always';
  global.Cache_Depth ||= 128;
  if (global.Ingest_Cache_Path !== '') global.Max_Ingest_Cache ||= 1000;
  global.Max_Entry_Size ||= MAX_DATA_BYTES;
}
