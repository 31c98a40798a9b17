import { read, writeSync } from 'node:fs';
import { setPriority } from 'node:os';
import { EventQueue } from '../shared/event-queue.js';
import { SeededRandom } from '../shared/random.js';
import { Link } from './link.js';
import { WELL } from './link-faults.js';
import { monotonicMs } from './monotonic.js';
import { attemptOf, endsOf, tooBig } from './packet.js';
import type { Attempt, FromWire, ToWire } from './wire-messages.js';

/**
 * The wire between all hosts: it reads the packets of each from a TUN device, and has its links decide
 * which reach another one, and when. Arguments: a seed, the number of the first host, and the open
 * files of the devices.
 */
const [seed = 0, firstHost = 0, ...devices] = process.argv.slice(2).map(Number);
const MAX_PACKET = 65_536;
/** Packets wait for this process, whatever else the machine has to do. */
const PRIORITY = -10;

const random = new SeededRandom(seed);
const links = devices.map(() => devices.map(() => new Link(random.uniform)));
const attempts: Attempt[] = [];
/** What of them is noted: the first packet is repeated until it is answered. */
const noted = new Set<string>();
const underway = new EventQueue<{ device: number; packet: Buffer }>();
let timer: NodeJS.Timeout | undefined;

setPriority(PRIORITY);
for (const device of devices) listen(device, Buffer.allocUnsafe(MAX_PACKET));
process.on('message', (message: ToWire) => {
  if (message.kind === 'report') {
    tell({ kind: 'report', report: report() });
    return;
  }
  for (const link of links.flat()) link.faults = WELL;
  for (const { from, to, faults } of message.settings) {
    const link = links[from - firstHost]?.[to - firstHost];
    if (link !== undefined) link.faults = faults;
  }
  tell({ kind: 'set' });
});
// An ordinary end waits for the reads, which end with the devices.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
tell({ kind: 'ready' });

function listen(device: number, buffer: Buffer): void {
  read(device, buffer, 0, MAX_PACKET, null, (error, length) => {
    if (error) throw error;
    pass(buffer.subarray(0, length));
    listen(device, buffer);
  });
}

function pass(packet: Buffer): void {
  const ends = endsOf(packet);
  if (ends === undefined) return;
  const { from, to } = ends;
  const device = devices[to - firstHost];
  const link = links[from - firstHost]?.[to - firstHost];
  if (device === undefined || link === undefined) return;
  const now = monotonicMs();
  note(packet, from, to, now);
  const at = link.take(packet.length, now);
  if (at === undefined) {
    const largest = link.largestToTell(packet.length);
    const back = devices[from - firstHost];
    if (largest !== undefined && back !== undefined) deliver(back, tooBig(packet, largest));
    return;
  }
  if (at <= now) {
    deliver(device, packet);
  } else {
    underway.push(at, { device, packet: Buffer.from(packet) });
    wait();
  }
}

function note(packet: Buffer, from: number, to: number, at: number): void {
  const attempt = attemptOf(packet);
  if (attempt === undefined) return;
  const key = `${from} ${to} ${attempt}`;
  if (noted.has(key)) return;
  noted.add(key);
  attempts.push({ from, to, at });
}

function wait(): void {
  clearTimeout(timer);
  if (underway.nextTime === Number.POSITIVE_INFINITY) return;
  timer = setTimeout(arrive, underway.nextTime - monotonicMs());
}

function arrive(): void {
  for (const now = monotonicMs(); underway.nextTime <= now; ) {
    const { device, packet } = underway.pop();
    deliver(device, packet);
  }
  wait();
}

function deliver(device: number, packet: Buffer): void {
  writeSync(device, packet);
}

function report() {
  const all = links.flat();
  return {
    passed: all.reduce((sum, { passed }) => sum + passed, 0),
    delayed: all.reduce((sum, { delayed }) => sum + delayed, 0),
    dropped: all.reduce((sum, { dropped }) => sum + dropped, 0),
    attempts,
  };
}

function tell(message: FromWire): void {
  process.send?.(message);
}
