import { checkTag, InvalidTagError, MAX_TAG_NAME_BYTES, remapTag } from '@ringest/codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzzRuns, readVectors } from '../support/vectors.js';

interface TagVector {
  tag: string;
  error?: InvalidTagError['reason'];
  remapped?: string;
}

const vectors = readVectors<TagVector[]>('tags');
const titled = vectors.map((vector) => ({
  ...vector,
  title: JSON.stringify(vector.tag).slice(0, 40),
}));

function reasonOf(check: () => unknown): InvalidTagError['reason'] | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof InvalidTagError) return error.reason;
    throw error;
  }
}

describe('checkTag', () => {
  it.each(titled)('judges $title as the reference does', ({ tag, error }) => {
    expect(reasonOf(() => checkTag(tag))).toBe(error);
  });

  it('returns the name trimmed of all Unicode white space', () => {
    expect(checkTag('\t\u0085\u00a0 \u2003padded\u3000\u2029\r\n')).toBe('padded');
  });

  it('does not trim a byte order mark, which is no white space but forbidden', () => {
    expect(reasonOf(() => checkTag('\ufefftag'))).toBe('forbidden');
  });

  it.each([...'"\'`´‘’“”*$\\[]|{}();=<!>~%^&.:,/'])('forbids %s', (character) => {
    expect(reasonOf(() => checkTag(`a${character}b`))).toBe('forbidden');
  });

  it.each([
    ['a control character', '\u007f'],
    ['a C1 control character', '\u0080'],
    ['a space inside', ' '],
    ['a line separator', '\u2028'],
    ['a zero-width joiner', '\u200d'],
    ['a soft hyphen', '\u00ad'],
    ['a private use character', '\ue000'],
    ['an unassigned character', '\u0378'],
    ['a noncharacter', '\uffff'],
    ['a lone high surrogate', '\ud800'],
    ['a lone low surrogate', '\udc00'],
    ['a character that only tags languages', '\u{e0001}'],
  ])('forbids %s', (_, character) => {
    expect(reasonOf(() => checkTag(`a${character}b`))).toBe('forbidden');
  });

  it.each(['-', '_', '+', '#', '@', '?', '😀', 'e\u0301', '٣', '№', '¨'])('allows %s', (text) => {
    expect(checkTag(text)).toBe(text);
  });

  it('counts bytes, not characters, against the limit', () => {
    expect(checkTag('é'.repeat(MAX_TAG_NAME_BYTES / 2))).toHaveLength(MAX_TAG_NAME_BYTES / 2);
    expect(reasonOf(() => checkTag(`${'é'.repeat(MAX_TAG_NAME_BYTES / 2)}x`))).toBe('oversized');
  });

  it('names the tag in its error', () => {
    expect(() => checkTag('a b')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_TAG', tag: 'a b' }),
    );
  });
});

describe('remapTag', () => {
  it.each(titled)('remaps $title as the reference does', ({ tag, error, remapped }) => {
    if (remapped === undefined) expect(reasonOf(() => remapTag(tag))).toBe(error);
    else expect(remapTag(tag)).toBe(remapped);
  });

  it('replaces each forbidden character by the given one', () => {
    expect(remapTag(' a.b c\ud800 ', '😀')).toBe('a😀b😀c😀');
  });

  it.each([
    ['empty', ''],
    ['forbidden', '.'],
    ['forbidden', 'xx'],
    ['forbidden', '_ '],
    ['forbidden', '$&'],
  ])('refuses a replacement that is %s: "%s"', (reason, replacement) => {
    expect(reasonOf(() => remapTag('name', replacement))).toBe(reason);
  });

  it('refuses a name that a replacement makes too long', () => {
    expect(reasonOf(() => remapTag('.'.repeat(2000), '日'))).toBe('oversized');
  });

  it('makes a tag of any name that is neither empty nor too long', () => {
    const names = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
    );
    fc.assert(
      fc.property(names, (name) => {
        const reason = reasonOf(() => checkTag(name));
        if (reason === 'empty') return;
        const remapped = remapTag(name);
        expect(checkTag(remapped)).toBe(remapped);
        if (reason === undefined) expect(remapped).toBe(checkTag(name));
      }),
      fuzzRuns(2000),
    );
  });
});
