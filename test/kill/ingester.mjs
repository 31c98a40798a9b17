import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { IngestMuxer } from '@ringest/core';
import { writeBy } from '../support/write-paths.mjs';
import { NumberedEntries } from './numbered-entries.mjs';

// One life of an ingester with a cache. Argument: an `IngesterPlan` as JSON. SIGTERM closes it.
// What it tells is with its parent before it goes on, so that nothing is untold when it is killed:
//   started          the cache is its own
//   refused {…}      it is not
//   done N           all entries before number N are accepted; under `journal`: are on the disk
//   hot              the first connection is there
//   busy             something is confirmed or in the cache; in any case after ten seconds
//   full             the cache takes no more
//   stored           all that was to be written is accepted, and nothing is on its way to the disk
//   stats {…}        now and then
//   closed {…}       the report of `close`, and the last stats
//   failed …         what must not happen
const plan = JSON.parse(process.argv[2]);
const { writes } = plan;

// The pipe may be full: then it waits for its parent.
function say(line) {
  for (let rest = Buffer.from(`${line}\n`); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

const muxer = new IngestMuxer({
  targets: plan.targets,
  secret: 'IngestSecrets',
  tags: plan.tags,
  ringBytes: plan.ringBytes,
  cache: plan.cache,
  closeTimeout: plan.closeTimeout,
  // What arrives is accounted for.
  selfIngest: false,
  times: { notReady: 20, firstRetry: 20, mostRetry: 100 },
});
muxer.once('hot', () => say('hot'));
muxer.on('error', (error) => isClosing || say(`failed ${error.stack}`));

const entries = new NumberedEntries(plan.life, plan.seed);
const tags = plan.tags.map((name) => ({ name, tag: muxer.getTag(name) }));
const lateTags = [...plan.lateTags];
let sequence = 0;
let bytes = 0;
let done = 0;
let toldDone = 0;
let isTelling = false;
const said = new Set();
let isClosing = false;

function nextEntry() {
  const late = lateTags[0];
  if (late !== undefined && sequence === late.at) {
    lateTags.shift();
    tags.push({ name: late.name, tag: muxer.negotiateTag(late.name) });
  }
  // Some of one tag after the other: lines of one tag are written together.
  const entry = entries.entry(sequence, tags[(sequence >>> 3) % tags.length]);
  sequence++;
  bytes += entry.data.length;
  return entry;
}

// Writes an entry, or some together. Once much was written it goes on one by one.
function write(isSlow) {
  const most = writes.batch === 0 || isSlow ? 1 : writes.batch;
  const length = Math.min(most, writes.entries - sequence);
  return writeBy(writes.path, muxer, Array.from({ length }, nextEntry));
}

async function follow(receipt, count) {
  try {
    await receipt;
  } catch (error) {
    if (!isClosing) say(`failed ${error.stack}`);
    return;
  }
  if (count < toldDone && plan.cache.mode === 'journal') {
    say(`failed receipt of ${count} after that of ${toldDone}`);
  }
  done = Math.max(done, count);
  if (!isTelling) setImmediate(tellDone);
  isTelling = true;
}

// One line for all that was done in a turn.
function tellDone() {
  isTelling = false;
  toldDone = done;
  say(`done ${done}`);
}

async function writeAll() {
  while (!isClosing && sequence < writes.entries) {
    const isSlow = bytes > writes.fastBytes;
    let last;
    for (let i = 0; i < (isSlow ? 1 : writes.perTurn) && sequence < writes.entries; i++) {
      const receipt = write(isSlow);
      last = follow(receipt, sequence);
      if (writes.awaitsEach) await last;
      if (isClosing) return;
    }
    if (!writes.awaitsEach && muxer.willBlock()) await once(muxer, 'drain');
    if (sequence === writes.entries) await last;
    else if (isSlow || writes.pauseMs > 0) await delay(isSlow ? 5 : writes.pauseMs);
    else await new Promise(setImmediate);
  }
}

function stats() {
  const { cache, hot, confirmedEntries, resentEntries, reconnects } = muxer.stats();
  const trouble = cache?.trouble?.message;
  return { hot, confirmedEntries, resentEntries, reconnects, cache: { ...cache, trouble } };
}

function tell() {
  const now = stats();
  const { confirmedEntries, cache } = now;
  say(`stats ${JSON.stringify(now)}`);
  if (confirmedEntries > 0 || cache.bytes > 0 || performance.now() > 10_000) sayOnce('busy');
  if (cache.isFull) sayOnce('full');
  if (done === writes?.entries && cache.unstoredBytes === 0) sayOnce('stored');
}

function sayOnce(word) {
  if (!said.has(word)) say(word);
  said.add(word);
}

async function close(timer) {
  isClosing = true;
  clearInterval(timer);
  const { unconfirmed, cached } = await muxer.close();
  say(`closed ${JSON.stringify({ unconfirmed, cached, ...stats() })}`);
}

function start() {
  try {
    muxer.start();
  } catch (error) {
    say(`refused ${JSON.stringify({ code: error.code, holder: error.holder?.pid })}`);
    return;
  }
  const timer = setInterval(tell, 25);
  process.once('SIGTERM', () => close(timer));
  say('started');
  if (writes) writeAll().catch((error) => say(`failed ${error.stack}`));
}

start();
