import { InvalidArgumentError } from '@ringest/core';
import { expect, it } from 'vitest';
import { FIXED, LineWriting } from '../../support/line-writing.js';
import { transferred } from '../../support/other-realm.js';

it('a chunk of lines whose memory is gone is refused, and the line that was begun goes on', async () => {
  const writing = await LineWriting.start();
  const writer = writing.writer();
  writer.write('begun');
  expect(() => writer.write(transferred(3))).toThrow(InvalidArgumentError);
  writer.write(' and done\n');
  await writing.expectLines(['begun and done']);
});

it('packed entries whose memory is gone are refused', async () => {
  const writing = await LineWriting.start();
  const offsets = Uint32Array.of(0, 3, 11);
  const write = () => writing.muxer.writePacked(transferred(11), offsets, FIXED);
  expect(write).toThrow(InvalidArgumentError);
  expect(writing.muxer.stats()).toMatchObject({ writtenEntries: 0, backlogEntries: 0 });
});
