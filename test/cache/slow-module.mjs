import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

// A task whose module takes a while to load, and leaves a file when it has.
await delay(300);
writeFileSync(process.env.RINGEST_LOADED, '');

export async function run() {}
