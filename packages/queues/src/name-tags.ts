import { checkTag, type MuxerTag } from '@ringest/core';
import { check, isObject, isText } from './check.js';
import { NoTagError } from './errors.js';

/** Which tag the messages of some subjects or topics get. `Key` is what the queue calls their names. */
export type NameRule<Key extends string> = Readonly<Record<Key | 'tag', string>>;

/** So many names are remembered with their tags. Beyond that they are looked up again. */
const REMEMBERED = 65_536;

/**
 * Finds the tags of names whose tokens have dots between them. The first rule that fits counts. In a rule, `*` stands for
 * one token, and `>` at the end for one or more; in its tag, `{2}` for the second token.
 */
export class NameTags<Key extends string> {
  readonly #rules: readonly Rule[];
  readonly #negotiate: (name: string) => MuxerTag;
  readonly #found = new Map<string, MuxerTag>();

  /**
   * @param tag the name of the tag of all messages, or rules
   * @param key what rules call the name
   * @param negotiate gives the number of a tag
   * @throws {InvalidArgumentError | InvalidTagError} a rule cannot be used
   */
  constructor(
    tag: string | readonly NameRule<Key>[],
    key: Key,
    negotiate: (name: string) => MuxerTag,
  ) {
    this.#negotiate = negotiate;
    const isUsable = isText(tag) || (Array.isArray(tag) && tag.length > 0);
    check('tag', tag, isUsable, `the name of a tag, or an array of { ${key}, tag }`);
    this.#rules = isText(tag)
      ? [{ pattern: ['>'], tag: checkedTag(tag) }]
      : tag.map((rule, at) => checkedRule(rule, key, `tag.${at}`));
  }

  /**
   * @throws {NoTagError} no rule fits
   * @throws {InvalidTagError | TooManyTagsError} the name that a rule gives cannot be a tag, or not any more
   */
  tagOf(name: string): MuxerTag {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const tag = this.#negotiate(this.#tagNameOf(name));
    if (this.#found.size >= REMEMBERED) this.#found.clear();
    this.#found.set(name, tag);
    return tag;
  }

  #tagNameOf(name: string): string {
    const tokens = name.split('.');
    const rule = this.#rules.find(({ pattern }) => fits(pattern, tokens));
    if (rule === undefined) throw new NoTagError(name);
    return checkTag(rule.tag.replace(PLACE, (_, number) => tokens[Number(number) - 1] ?? ''));
  }
}

const PLACE = /\{(\d{1,3})\}/g;

interface Rule {
  readonly pattern: readonly string[];
  readonly tag: string;
}

function checkedRule<Key extends string>(rule: NameRule<Key>, key: Key, name: string): Rule {
  const areTexts = isObject(rule) && isText(rule[key]) && isText(rule.tag);
  check(name, rule, areTexts, `{ ${key}, tag }, both text`);
  const pattern = rule[key].split('.');
  const isPattern = pattern.every((token, at) => {
    if (token === '>') return at === pattern.length - 1;
    return token === '*' || /^[^\s*>]+$/.test(token);
  });
  const wanted = `a ${key}, with * for a token and > at the end`;
  check(`${name}.${key}`, rule[key], isPattern, wanted);
  return { pattern, tag: checkedTag(rule.tag) };
}

function checkedTag(tag: string): string {
  checkTag(tag.replace(PLACE, 'x'));
  return tag;
}

function fits(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (const [at, wanted] of pattern.entries()) {
    if (wanted === '>') return tokens.length > at;
    if (at >= tokens.length || (wanted !== '*' && wanted !== tokens[at])) return false;
  }
  return pattern.length === tokens.length;
}
