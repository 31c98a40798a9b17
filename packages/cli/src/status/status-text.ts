import type { RelayListenerStats } from '@ringest/relay';
import type {
  CacheStatus,
  FileStatus,
  LaneStatus,
  ListenStatus,
  OutletStatus,
  QueueStatus,
  StatusReply,
} from './status-reply.js';

const numbers = new Intl.NumberFormat('en');

/** A status for people. */
export function statusText(reply: StatusReply): string {
  const { command, pid, seconds, entries, confirmed, refused, rates, lanes, cache, files } = reply;
  // A command of an earlier version does not send them.
  const { queues, to, listeners, ingestListeners = [] } = reply;
  const hot = lanes.filter(isHot).length;
  const refusals = command === 'relay' ? '' : `, ${count(refused)} refused`;
  return [
    `${command}, process ${pid}, for ${duration(seconds)}`,
    `  entries  ${count(entries)} read, ${count(confirmed)} confirmed${refusals}`,
    `  rate     ${count(rates.entries)}/s read (${bytes(rates.bytes)}/s), ${count(rates.confirmed)}/s confirmed`,
    ...ingestListeners.map(ingestListenerLine),
    ...(to === null ? [`  lanes    ${hot} of ${lanes.length} connected`] : [outletLine(to)]),
    ...lanes.map(laneLine),
    ...queues.map(queueLine),
    ...(cache === null ? [] : [cacheLine(cache)]),
    ...(listeners === null ? [] : [listenersLine(listeners)]),
    ...(files.length === 0 ? [] : [`  files    ${files.length} followed`, ...files.map(fileLine)]),
    '',
  ].join('\n');
}

/** Whether entries go where they should. */
export function isHealthy({ lanes, to, cache }: StatusReply): boolean {
  return (to?.isConnected ?? lanes.some(isHot)) && (cache === null || cache.trouble === null);
}

const isHot = ({ state }: LaneStatus): boolean => state === 'hot';

function laneLine(lane: LaneStatus): string {
  const { target, state, confirmedEntries, unconfirmedBytes, ackLatencyMs, reconnects } = lane;
  const { p50, p99 } = ackLatencyMs;
  const parts = [
    `${count(confirmedEntries)} confirmed`,
    `${bytes(unconfirmedBytes)} on the way`,
    `ack p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    `${count(reconnects)} reconnects`,
    ...(state !== 'hot' && lane.lastError !== null ? [lane.lastError] : []),
  ];
  return `    ${target}  ${state}: ${parts.join(', ')}`;
}

function outletLine({ name, isConnected, stored, duplicates }: OutletStatus): string {
  const state = isConnected ? 'connected' : 'not connected';
  return `  to       ${name}  ${state}: ${count(stored)} stored, ${count(duplicates)} duplicates`;
}

function ingestListenerLine(listener: RelayListenerStats): string {
  const { name, addresses, ingesters, entries, refusedIngesters, refusedTags } = listener;
  const parts = [
    `${count(ingesters)} connected`,
    `${count(entries)} entries`,
    `${count(refusedIngesters)} ingesters and ${count(refusedTags)} tags refused`,
  ];
  return `  listener ${name}  ${addresses.join(', ')}: ${parts.join(', ')}`;
}

function queueLine(queue: QueueStatus): string {
  const parts = [
    `${count(queue.pulled)} pulled`,
    `${count(queue.acknowledged)} acknowledged`,
    `${count(queue.redelivered)} redelivered`,
    `${count(queue.terminated)} terminated`,
    ...((queue.undated ?? 0) === 0 ? [] : [`${count(queue.undated)} undated`]),
    `${count(queue.unconfirmed)} on the way`,
  ];
  return `  queue    ${queue.name}: ${parts.join(', ')}`;
}

function cacheLine(cache: CacheStatus): string {
  const { mode, pendingEntries, isFull, trouble } = cache;
  const parts = [
    `${mode}: ${count(pendingEntries)} entries wait`,
    `${bytes(cache.bytes)} on disk`,
    ...(isFull ? ['full'] : []),
    ...(trouble === null ? [] : [trouble]),
  ];
  return `  cache    ${parts.join(', ')}`;
}

function listenersLine(listeners: ListenStatus): string {
  const { heldBytes, mostHeldBytes, maxWaitingBytes, dropped, droppedByKernel } = listeners;
  const { cutConnections, refusedConnections, busyRequests } = listeners;
  const ofKernel =
    droppedByKernel === null ? 'of the kernel unknown' : `${count(droppedByKernel)} by the kernel`;
  const parts = [
    `${bytes(heldBytes)} held, at most ${bytes(mostHeldBytes)} of ${bytes(maxWaitingBytes)}`,
    `${count(dropped)} datagrams dropped (${ofKernel})`,
    `${count(cutConnections)} connections cut, ${count(refusedConnections)} refused`,
    `${count(busyRequests)} requests answered with 503`,
  ];
  return `  network  ${parts.join(', ')}`;
}

function fileLine({ path, size, read, confirmed }: FileStatus): string {
  const behind = `${bytes(Math.max(0, size - read))} to read, ${bytes(Math.max(0, size - confirmed))} to confirm`;
  return `    ${path}: ${behind}, of ${bytes(size)}`;
}

function count(value: number): string {
  return numbers.format(value);
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), units.length - 1);
  const scaled = value / 1000 ** power;
  return `${power === 0 ? scaled : scaled.toFixed(1)} ${units[power]}`;
}

function duration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
