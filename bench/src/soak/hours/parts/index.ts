import { Follow } from './follow.js';
import { type IngesterChoice, IngesterPart } from './ingester-part.js';
import type { StartPart } from './part.js';
import { Queue } from './queue.js';
import { Relayed } from './relay.js';
import { Syslog } from './syslog.js';

const ingester =
  (choice: IngesterChoice): StartPart =>
  async (scene) =>
    new IngesterPart(scene, choice);

/**
 * Everything that a soak runs, in the order of its report. Those that are never killed show what grows over the
 * whole run.
 */
export const PARTS: readonly StartPart[] = [
  ingester({
    name: 'tcp',
    description: 'a muxer by TCP',
    transport: 'tcp',
    isKilled: false,
  }),
  ingester({
    name: 'tls',
    description: 'a muxer by TLS',
    transport: 'tls',
    isKilled: true,
  }),
  ingester({
    name: 'unix',
    description: 'a muxer by Unix socket',
    transport: 'pipe',
    isKilled: true,
  }),
  ingester({
    name: 'snappy',
    description: 'a muxer by TLS that compresses with snappy',
    transport: 'tls',
    compression: 'snappy',
    isKilled: false,
  }),
  ingester({
    name: 'journal',
    description: 'a muxer with a journal, on a disk that gets full',
    transport: 'tcp',
    cache: { mode: 'journal', onSmallDisk: true },
    isKilled: true,
  }),
  ingester({
    name: 'spill',
    description: 'a muxer that spills to a cache of 4 MiB',
    transport: 'tcp',
    cache: { mode: 'always', maxBytes: 4 * 2 ** 20 },
    isKilled: false,
  }),
  ingester({
    name: 'producers',
    description: 'a muxer with producers in two threads',
    transport: 'tcp',
    threads: 2,
    isKilled: false,
  }),
  async (scene) => new Follow(scene),
  (scene) => Syslog.start(scene),
  (scene) => Relayed.start(scene),
  (scene) => Queue.start(scene),
];
