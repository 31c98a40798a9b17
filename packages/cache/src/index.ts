export * from './errors.js';
export type { Place as CachePlace } from './log/segment-log.js';
export type { CacheEvents, CacheLinkOptions, CacheReport } from './main/cache-events.js';
export { CacheLink } from './main/cache-link.js';
export type {
  CacheBlock,
  CachedBlock,
  CacheFindings,
  CacheSegment,
  DamagedSegment,
  DroppedSegment,
} from './messages.js';
export * from './settings.js';
