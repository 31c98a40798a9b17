import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh directory, until the test is finished. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'ringest-test-'));
  onTestFinished(() =>
    rmSync(path, {
      recursive: true,
      force: true,
      // A muxer that was closed without time leaves a thread behind that may still write.
      maxRetries: 100,
      retryDelay: 20,
    }),
  );
  return path;
}
