import { vi } from 'vitest';

class Exit extends Error {}

/**
 * Runs what reads a command line as a program does, but in the process of the test: one of its own
 * takes up to a third of a second of processor to start.
 *
 * @returns what it says when it ends the process with status 1, `undefined` if it does not end it.
 * @throws what it throws.
 */
export async function saidAtExit(run: () => unknown): Promise<string | undefined> {
  let said = '';
  const written = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
  const exited = vi.spyOn(process, 'exit').mockImplementation((status) => {
    throw new Exit(`${status}`);
  });
  try {
    await run();
    return undefined;
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    if (error.message !== '1') throw new Error(`the status would be ${error.message}`);
    return said;
  } finally {
    written.mockRestore();
    exited.mockRestore();
  }
}
