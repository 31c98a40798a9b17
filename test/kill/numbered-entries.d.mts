import type { EntryInput } from '@ringest/codec';

export class NumberedEntries {
  constructor(life: number, seed: number);
  entry(sequence: number, tag: { readonly tag: number; readonly name: string }): EntryInput;
}
