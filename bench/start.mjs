import { spawnSync } from 'node:child_process';

/** `pnpm start` in a clone that may not be built: builds it quietly, and shows what ringest does. */
const start = performance.now();
const build = spawnSync('pnpm', ['build'], {
  encoding: 'utf8',
  shell: process.platform === 'win32',
});
if (build.status === 0) {
  console.log(`built in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  await import('./dist/cli/start.js');
} else {
  console.error(build.error?.message ?? `${build.stdout}${build.stderr}`);
  console.error('start: the build has failed');
  process.exitCode = 1;
}
