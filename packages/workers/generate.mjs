import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

// Writes what a bundle cannot read from files as modules: the bytes of the kernel, and the program of a
// lane's thread as one script.
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const GENERATED = at('src/generated/');

const kernel = readFileSync(at('build/kernel.wasm')).toString('base64');
mkdirSync(GENERATED, { recursive: true });
write('kernel-bytes.ts', `export const KERNEL_BYTES =\n  '${kernel}';\n`);

const { outputFiles } = await build({
  entryPoints: [at('src/worker/lane-thread.ts')],
  // Its source, which need not be built yet.
  alias: { '@ringest/codec': at('../codec/src/index.ts') },
  bundle: true,
  minifySyntax: true,
  minifyWhitespace: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  // It has no file: native libraries are looked for from the bundle that has started it.
  define: { 'import.meta.url': 'bundleFile' },
  banner: { js: "const { bundleFile } = require('node:worker_threads').workerData;" },
  footer: { js: '//# sourceURL=ringest-lane-thread.cjs' },
  write: false,
});
const [script] = outputFiles;
write('lane-script.ts', `export const LANE_SCRIPT: string =\n  ${JSON.stringify(script.text)};\n`);

function write(name, text) {
  writeFileSync(`${GENERATED}${name}`, `// Written by generate.mjs.\n${text}`);
}
