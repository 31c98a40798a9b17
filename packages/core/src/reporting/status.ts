import type { Endpoint, Lane } from '@ringest/workers';
import type { MuxerTags } from '../entries/muxer-tags.js';
import type { MuxerState, MuxerStatus, TargetStatus } from '../muxer-events.js';

/** The state of a muxer and of each of its targets. */
export function muxerStatus(
  state: MuxerState,
  lanes: readonly Lane[],
  tags: MuxerTags,
): MuxerStatus {
  const endpoints = [...new Set(lanes.map(({ endpoint }) => endpoint))];
  const targets = endpoints.map((endpoint) => {
    const its = lanes.filter((lane) => lane.endpoint === endpoint);
    return targetStatus(endpoint, its, tags);
  });
  return { state, targets };
}

function targetStatus(
  { address, tenant }: Endpoint,
  lanes: readonly Lane[],
  tags: MuxerTags,
): TargetStatus {
  const latest = lanes.reduce((last, lane) => (lane.lastErrorAt > last.lastErrorAt ? lane : last));
  const refused = new Set(lanes.flatMap(({ refusedTags }) => [...refusedTags]));
  return {
    target: address,
    tenant,
    hot: lanes.filter(({ isHot }) => isHot).length,
    lanes: lanes.length,
    fatalError: lanes.find(({ fatalError }) => fatalError !== undefined)?.fatalError,
    lastError: latest.lastError,
    refusedTags: [...refused].map((tag) => tags.lookup(tag) ?? `${tag}`),
  };
}
