import { RareLines } from 'ringest/internal';
import { expect, it } from 'vitest';

it('says the same line once in a minute, ten lines at most, and how many it left out', () => {
  let now = 0;
  const said: string[] = [];
  const lines = new RareLines(
    (line) => said.push(line),
    () => now,
  );
  for (let i = 0; i < 3; i++) lines.write('one');
  for (let i = 2; i <= 15; i++) lines.write(`${i}`);
  expect(said).toEqual(['one', ...Array.from({ length: 9 }, (_, i) => `${i + 2}`)]);
  said.length = 0;
  now = 59_999;
  lines.write('one');
  expect(said).toEqual([]);
  now = 60_000;
  lines.write('one');
  expect(said).toEqual(['ringest: 8 lines like those before were left out', 'one']);
});
