import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

// Writes the bytes of the kernel as a module, so that no file is read when a muxer is made.
const GENERATED = new URL('src/generated/', import.meta.url);
const kernel = readFileSync(new URL('build/kernel.wasm', import.meta.url)).toString('base64');
mkdirSync(GENERATED, { recursive: true });
writeFileSync(
  new URL('kernel-bytes.ts', GENERATED),
  `// Written by generate.mjs.\nexport const KERNEL_BYTES =\n  '${kernel}';\n`,
);
