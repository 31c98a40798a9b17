import { readFileSync } from 'node:fs';

/** The ingester of the README, as it is there but for the address of its indexer. */
export function readmeIngester(address: string): string {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, code = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  if (!code.includes('IngestMuxer')) throw new Error('the README has no ingester');
  return code.replace('tcp://127.0.0.1:4023', address);
}

/** The same in CommonJS. */
export function readmeIngesterInCommonJs(address: string): string {
  const [load = '', ...rest] = readmeIngester(address).trimStart().split('\n');
  const packages = load.replace(/^import (.*) from (.*);$/, 'const $1 = require($2);');
  return `${packages}\n(async () => {${rest.join('\n')}})();\n`;
}

/** Entries that the ingester writes, by tag: its own log has one line, that it is hot. */
export const README_TAGS = { syslog: 100_000, gravwell: 1 } as const;
