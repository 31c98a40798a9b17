// Packs ingester.ts and all that it needs into dist/ingester.mjs.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const [, , outfile = at('dist/ingester.mjs')] = process.argv;

await build({
  entryPoints: [at('ingester.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  banner: {
    // For packages in it that are CommonJS.
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
});
