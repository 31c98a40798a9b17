import { MAX_DATA_BYTES } from '@ringest/codec';
import type { SectionKeys } from './sections.js';

/**
 * The keys of the [Global] section, which all ingesters have in common. Each name is the one in the file,
 * with `_` for `-`. An absent key is empty, `false` or 0, unless its comment gives a default.
 */
export interface GlobalConfig {
  /** The name of the ingester. */
  readonly Ingester_Name: string;
  /**
   * The secret of the indexers. The property is not enumerable, so it is absent from logs, JSON and
   * spread copies.
   */
  readonly Ingest_Secret: string;
  /** The file whose first line is the secret, used without an Ingest_Secret. The property is not enumerable. */
  readonly Ingest_Secret_File: string;
  /** How long to wait for the first hot connection, as a Go duration. Empty: without a limit. */
  readonly Connection_Timeout: string;
  /** A deprecated key: if it is true, {@link Insecure_Skip_TLS_Verify} is false. */
  readonly Verify_Remote_Certificates: boolean;
  /** Whether any certificate of an indexer is accepted. */
  readonly Insecure_Skip_TLS_Verify: boolean;
  /** Indexers to reach over TCP, as `host` or `host:port`. */
  readonly Cleartext_Backend_Target: readonly string[];
  /** Indexers to reach over TLS, as `host` or `host:port`. */
  readonly Encrypted_Backend_Target: readonly string[];
  /** Indexers to reach over Unix sockets, as paths. */
  readonly Pipe_Backend_Target: readonly string[];
  /** Whether indexers are asked for compression. */
  readonly Enable_Compression: boolean;
  /**
   * The lowest level of the log, in capitals: `OFF`, `FATAL`, `CRITICAL`, `ERROR`, `WARN`, `INFO` or
   * `DEBUG`. ringest itself logs nothing above `ERROR`. Default: `ERROR`.
   */
  readonly Log_Level: string;
  /** The path of the log file. */
  readonly Log_File: string;
  /** Where to send the log by UDP, as `host:port`. It cannot be combined with Log_File. */
  readonly Log_UDP_Target: string;
  /** Whether the ingester's own log is kept from the indexers. */
  readonly Disable_Self_Ingest: boolean;
  /** An address that becomes the source of all entries. */
  readonly Source_Override: string;
  /** An address that becomes the source of the entries of the ingester's own log. */
  readonly Log_Source_Override: string;
  /** The most that may be sent, in the form that `parseRate` accepts. Empty: no limit. */
  readonly Rate_Limit: string;
  /** The UUID of the ingester. */
  readonly Ingester_UUID: string;
  /** How many entries are kept in memory before the cache is used. Default: 128. */
  readonly Cache_Depth: number;
  /** When the cache is used, in small letters: `always` or `fail`. Default: `always`. */
  readonly Cache_Mode: string;
  /** The path of the cache. Empty: no cache. */
  readonly Ingest_Cache_Path: string;
  /** The largest size of the cache, in MiB. Default: 1000 if there is an Ingest_Cache_Path. */
  readonly Max_Ingest_Cache: number;
  /** The label of the ingester. */
  readonly Label: string;
  /** Whether the ingester uses only one thread. */
  readonly Disable_Multithreading: boolean;
  /** How often statistics are logged, as a Go duration. Empty: never. */
  readonly Stats_Sample_Interval: string;
  /** How old an entry may be before it gets the present time, as a Go duration. Empty: any age. */
  readonly Timestamp_Max_Past_Delta: string;
  /**
   * How far in the future an entry may be before it gets the present time, as a Go duration. Empty:
   * any time.
   */
  readonly Timestamp_Max_Future_Delta: string;
  /** The most bytes of data in an entry. Default, and largest value: 2^30 - 1. */
  readonly Max_Entry_Size: number;
}

/** The keys of {@link GlobalConfig} as they are written in a file, with their kinds. */
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

/** A key of [Global] as it is written in a file. */
export type GlobalKey = keyof typeof GLOBAL_KEYS;

/**
 * Fills in defaults and normalizes the case of words. It changes the object, because a copy would lose
 * the properties that are not enumerable.
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
