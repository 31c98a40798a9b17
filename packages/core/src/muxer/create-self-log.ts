import { hostname } from 'node:os';
import { GRAVWELL_TAG, type TimestampInput } from '@ringest/codec';
import { CheckedEntry } from '../entries/checked-entry.js';
import { SelfLog } from '../reporting/self-log.js';
import type { MuxerParts } from './muxer-parts.js';

/** The self log of a muxer. Unless `selfIngest` is `false`, its lines become entries of that muxer. */
export function createSelfLog(muxer: MuxerParts): SelfLog {
  const { logger, selfIngest, identity, logSource } = muxer.configuration;
  if (selfIngest === undefined) return new SelfLog({ logger });
  // Nothing is attached to lines of the log.
  const entry = new CheckedEntry(muxer.tags, { sourceOverride: logSource });
  const write = (timestamp: TimestampInput, data: string) => {
    const { lanes, writer, dispatcher } = muxer;
    if (!muxer.ingestsLog || writer.isWriting || lanes.hot() === 0) return false;
    entry.check({ timestamp, tag: GRAVWELL_TAG, data });
    return !dispatcher.wouldWait(0) && dispatcher.write(entry);
  };
  const { name: appName } = identity;
  return new SelfLog({
    logger,
    ingest: { level: selfIngest, appName, hostname: hostname(), write },
  });
}
