import { writeSync } from 'node:fs';
import { IngestMuxer } from '@ringest/core';

// An ingester with a cache, as it is told by its argument. Prints what becomes of that, one object a
// line, and writes a numbered entry now and then until it is killed.
const NOBODY = 65534;
const { isNobody, ...configuration } = JSON.parse(process.argv[2]);
if (isNobody && process.getuid() === 0) {
  process.setgid(NOBODY);
  process.setuid(NOBODY);
}
const muxer = new IngestMuxer({
  secret: 'IngestSecrets',
  tags: ['test'],
  selfIngest: false,
  ...configuration,
});
muxer.on('cacheTrouble', (error) => tell({ trouble: error === undefined ? null : plain(error) }));
muxer.on('error', (error) => tell({ error: plain(error) }));
try {
  muxer.start();
  tell({ started: true });
  for (let number = 0; ; number++) {
    const data = `entry ${number} `.padEnd(1000, 'x');
    await muxer.writeEntry({ timestamp: number, tag: 0, data });
    if (number % 100 === 0) tell({ written: number });
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
} catch (error) {
  tell({ thrown: plain(error) });
}

function plain({ code, message, trouble, holder }) {
  return { code, message, trouble, holder };
}

function tell(what) {
  writeSync(1, `${JSON.stringify(what)}\n`);
}
