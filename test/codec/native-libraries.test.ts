import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const CODEC = new URL('../../packages/codec/dist/index.js', import.meta.url).href;

/** What a process prints that may not load native code. */
function withoutNativeCode(script: string): string {
  const argv = ['--no-addons', '--input-type=module', '--eval', script];
  return execFileSync(process.execPath, argv, { encoding: 'utf8' });
}

it('the codec works without native code for as long as nothing is compressed', () => {
  const script = `
    import { encodePong, SnappyFramingEncoder } from '${CODEC}';
    const encoder = new SnappyFramingEncoder();
    process.stdout.write(encodePong().toString('hex') + ' ');
    try {
      encoder.encode(Buffer.from('compressed'));
    } catch (error) {
      process.stdout.write(error.code);
    }`;
  expect(withoutNativeCode(script)).toMatch(/^[0-9a-f]{8} ERR_NATIVE_LIBRARY$/);
});
