// Bundles ingester.ts into dist/ingester.mjs. ringest stays out of it: its threads are started from files.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const [, , outfile = at('dist/ingester.mjs')] = process.argv;

await build({
  entryPoints: [at('ingester.ts')],
  outfile,
  bundle: true,
  external: ['@ringest/*'],
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
});
