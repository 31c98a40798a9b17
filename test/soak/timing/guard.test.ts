import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLEAN_BUILD, runGuard } from '@ringest/bench/internal';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';

// It installs and builds the last commit, which takes a minute.

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

it('a guard builds the last commit from a clean clone, and measures the same as here', async () => {
  const told: string[] = [];
  const checkouts = join(temporaryDirectory(), 'checkouts');
  const report = await runGuard(
    {
      ...{ repository: REPOSITORY, against: 'HEAD', rounds: 1, durationMs: 20 },
      ...{ build: CLEAN_BUILD, checkouts },
    },
    (what) => told.push(what),
    new AbortController().signal,
  );
  const paths = ['ceiling', 'writeEntry', 'writeBatch', 'lines', 'packed'];
  expect(report.rows.map(({ name, change }) => [name, change])).toEqual(
    [64, 256, 1024].flatMap((size) => paths.map((path) => [`${path}, ${size} bytes`, 'unknown'])),
  );
  expect({ ...report, rows: [] }).toMatchObject({ onlyHere: [], onlyThere: [], leastRounds: 10 });
  expect(told.filter((what) => what.startsWith('builds'))).toHaveLength(1);
}, 600_000);
