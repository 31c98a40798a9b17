// What a muxer says where a limit of the system stands in its way. Argument: `memory`, `files` or `heap`.
// Prints a line of JSON for each thing that it is told.
import { closeSync, openSync } from 'node:fs';
import { IngestMuxer } from '@ringest/core';
import { WorkerThread } from '@ringest/workers/internal';

const [what] = process.argv.slice(2);
const QUICK = { firstRetry: 20, mostRetry: 20 };
const create = (lanes) =>
  new IngestMuxer({
    targets: ['tcp://127.0.0.1:1'],
    connectionsPerTarget: lanes,
    secret: 'x',
    ringBytes: 65536,
    selfIngest: false,
    times: QUICK,
  });

const say = (fact) => console.log(JSON.stringify(fact));
const described = ({ code, limit, message, cause, reason }) => {
  const causeLimit = cause?.limit;
  return { code, limit, message, cause: cause?.code ?? cause?.name, causeLimit, reason };
};

function attempt(make) {
  try {
    return make();
  } catch (error) {
    say(described(error));
    return undefined;
  }
}

/** Opens files until there is none left. Returns what closes them. */
function openAll() {
  const files = [];
  try {
    for (;;) files.push(openSync('/dev/null'));
  } catch {
    return () => files.splice(0).map(closeSync);
  }
}

if (what === 'memory') {
  attempt(() => create(8));
  say({ isMade: create(1).size() === 1 });
} else if (what === 'files') {
  // Writing the first line needs no file any more afterwards.
  say({ begins: true });
  const muxer = create(1);
  const closeAll = openAll();
  const failed = new Promise((resolve) => {
    muxer.once('error', resolve);
  });
  const lost = new Promise((resolve) => {
    muxer.once('lost', resolve);
  });
  muxer.start();
  say(described(await failed));
  say(described(await lost));
  closeAll();
  // A thread that could be made says that nobody listens at the target.
  await new Promise((resolve) => {
    muxer.on('lost', (error) => {
      if (error.reason === 'dial') resolve();
    });
  });
  await muxer.close();
  say({ recovers: true });
} else {
  const file = new URL('./heap-hog.mjs', import.meta.url);
  const thread = new WorkerThread({ file, name: 'hog' }, 1, () => {});
  const { port2: port } = new MessageChannel();
  // Neither the thread nor its task keeps the process alive.
  const alive = setInterval(() => {}, 60_000);
  await thread.run({ port }).catch((error) => say(described(error)));
  await thread.close();
  clearInterval(alive);
}
