import { NodeProcess } from '../../support/node-process.js';

/** The command. */
export const RINGEST = new URL('../../../packages/cli/dist/cli.js', import.meta.url);

export const SECRET = 'IngestSecrets';

/** Starts `ringest`. */
export const start = (...args: readonly string[]): NodeProcess => new NodeProcess(RINGEST, args);

/** Runs `ringest` to its end. */
export async function run(...args: readonly string[]) {
  const ringest = start(...args);
  const status = await ringest.end();
  const { stdout, stderr } = ringest;
  return { status, stdout, stderr };
}
