import { checkTag, type MuxerTag } from '@ringest/core';
import { check } from './check.js';
import { NoTagError } from './errors.js';

/** Which tag the messages of some subjects get. */
export interface SubjectRule {
  /** A subject, with the wildcards of NATS: `*` for one token, and `>` at the end for one or more. */
  readonly subject: string;
  /** The name of the tag. `{1}`, `{2}`, … stand for the tokens of the subject, from the first. */
  readonly tag: string;
}

/** So many subjects are remembered with their tags. Beyond that they are looked up again. */
const REMEMBERED = 65_536;

/** Finds the tags of subjects. The first rule that fits counts. */
export class SubjectTags {
  readonly #rules: readonly Rule[];
  readonly #negotiate: (name: string) => MuxerTag;
  readonly #found = new Map<string, MuxerTag>();

  /**
   * @param tag the name of the tag of all messages, or rules
   * @param negotiate gives the number of a name
   * @throws {InvalidArgumentError | InvalidTagError} a rule cannot be used
   */
  constructor(tag: string | readonly SubjectRule[], negotiate: (name: string) => MuxerTag) {
    this.#negotiate = negotiate;
    const rules = typeof tag === 'string' ? [{ subject: '>', tag }] : tag;
    const isUsable = Array.isArray(rules) && rules.length > 0;
    check('tag', tag, isUsable, 'the name of a tag, or an array of { subject, tag }');
    this.#rules = rules.map((rule, at) => checkedRule(rule, `tag.${at}`));
  }

  /**
   * @throws {NoTagError} no rule fits
   * @throws {InvalidTagError | TooManyTagsError} the name that a rule gives cannot be a tag, or not any more
   */
  tagOf(subject: string): MuxerTag {
    const known = this.#found.get(subject);
    if (known !== undefined) return known;
    const tag = this.#negotiate(this.#nameOf(subject));
    if (this.#found.size >= REMEMBERED) this.#found.clear();
    this.#found.set(subject, tag);
    return tag;
  }

  #nameOf(subject: string): string {
    const tokens = subject.split('.');
    const rule = this.#rules.find(({ pattern }) => fits(pattern, tokens));
    if (rule === undefined) throw new NoTagError(subject);
    return checkTag(rule.tag.replace(PLACE, (_, number) => tokens[Number(number) - 1] ?? ''));
  }
}

const PLACE = /\{(\d{1,3})\}/g;

interface Rule {
  readonly pattern: readonly string[];
  readonly tag: string;
}

function checkedRule(rule: SubjectRule, name: string): Rule {
  const isObject = typeof rule === 'object' && rule !== null;
  const areTexts = isObject && typeof rule.subject === 'string' && typeof rule.tag === 'string';
  check(name, rule, areTexts, '{ subject, tag }, both text');
  const pattern = rule.subject.split('.');
  const isPattern = pattern.every((token, at) => {
    if (token === '>') return at === pattern.length - 1;
    return token === '*' || /^[^\s*>]+$/.test(token);
  });
  check(
    `${name}.subject`,
    rule.subject,
    isPattern,
    'a subject, with * for a token and > at the end',
  );
  checkTag(rule.tag.replace(PLACE, 'x'));
  return { pattern, tag: rule.tag };
}

function fits(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (const [at, wanted] of pattern.entries()) {
    if (wanted === '>') return tokens.length > at;
    if (at >= tokens.length || (wanted !== '*' && wanted !== tokens[at])) return false;
  }
  return pattern.length === tokens.length;
}
