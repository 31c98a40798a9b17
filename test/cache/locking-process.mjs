import { writeSync } from 'node:fs';
import { lockFolder } from '@ringest/cache/internal';

// Takes the lock of a folder, as soon as there is a line on standard input, and says whether it got
// it, or who has it. It keeps the lock until it is killed.
process.stdin.once('data', () => {
  try {
    lockFolder(process.argv[2]);
    writeSync(1, 'got\n');
  } catch (error) {
    writeSync(1, `${error.code} ${error.holder?.pid}\n`);
  }
});
writeSync(1, 'ready\n');
