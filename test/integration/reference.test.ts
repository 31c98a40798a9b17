import { readFileSync } from 'node:fs';
import { generatePages } from '@ringest/bench/internal';
import { expect, it } from 'vitest';

it('the parts of the documentation that are made from the code are what the code says', () => {
  for (const [page, text] of generatePages()) {
    const written = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
    expect(written, `${page}: run \`pnpm reference\``).toBe(text);
  }
});
