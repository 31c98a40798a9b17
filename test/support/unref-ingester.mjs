// An ingester whose muxer is not to keep the process alive. Arguments: the address of an indexer, what to do,
// and options of the muxer. It ends by itself, unless it is to be kept alive.
import { IngestMuxer } from '@ringest/core';

const [target, what, options = '{}'] = process.argv.slice(2);
const muxer = new IngestMuxer({
  targets: [target],
  secret: 'IngestSecrets',
  tags: ['test'],
  selfIngest: false,
  closeTimeout: 20_000,
  ...JSON.parse(options),
});
const say = (what) => console.log(JSON.stringify(what));
const write = (count) =>
  Promise.all(
    Array.from({ length: count }, (_, i) =>
      muxer.writeEntry({ timestamp: i, tag: 0, data: `entry ${i}` }),
    ),
  );

/** Something else that keeps the process alive until there is a connection. */
async function hot() {
  muxer.start();
  await muxer.waitForHot({ timeout: 45_000 });
}

const actions = {
  async hot() {
    await hot();
    muxer.unref();
  },
  /** Nothing listens: the muxer tries again and again. */
  connecting() {
    muxer.unref().start();
    muxer.on('lost', () => say('lost'));
  },
  async journal() {
    muxer.start();
    await write(100);
    muxer.unref();
  },
  async 'close before the end'() {
    process.once('beforeExit', async () => say(await muxer.close()));
    await hot();
    muxer.unref();
    write(1000);
  },
  async 'wait in vain'() {
    await hot();
    await write(1);
    muxer.unref();
    await muxer.sync();
  },
  async ref() {
    await hot();
    muxer.unref().ref();
    process.once('beforeExit', () => say('the end'));
    muxer.on('lost', () => say('lost'));
    say('kept');
  },
  async 'close, then unref'() {
    await hot();
    write(1000);
    const closed = muxer.close().then(say);
    muxer.unref();
    await closed;
  },
};

await actions[what]();
