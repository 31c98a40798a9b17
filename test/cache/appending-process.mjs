import { writeSync } from 'node:fs';
import { NodeDisk, SegmentLog } from '@ringest/cache/internal';

// Appends numbered blocks to the log in a folder, and writes a line for each number that is synced,
// until the process is killed or the disk takes no more: then the error's code and number.
const [path = '', blockBytes = '1000'] = process.argv.slice(2);
// Some dozens of small blocks, or a few large ones.
const maxSegmentBytes = Math.max(50_000, 10 * Number(blockBytes));
const options = { muxer: 'm', maxSegmentBytes, now: Date.now };
const log = SegmentLog.open(new NodeDisk(path), options);
for (let number = 0; ; number++) {
  const frames = Buffer.alloc(Number(blockBytes), `${number} `);
  try {
    log.append(frames, 1, ['a']);
    if (number % 5 === 4) log.sync();
  } catch (error) {
    writeSync(1, `${error.code} ${error.trouble} ${number}\n`);
    break;
  }
  if (number % 5 === 4) writeSync(1, `synced ${number}\n`);
}
