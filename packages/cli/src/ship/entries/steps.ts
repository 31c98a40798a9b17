import { gunzipSync } from 'node:zlib';
import type { Draft, Step } from './draft.js';
import { partAt } from './json-texts.js';
import { objectTextOf, scalarOf } from './record-fields.js';

/** An expression, and the tag of entries that it matches. */
export interface TagRule {
  readonly expression: RegExp;
  readonly tag: string;
}

/** A value of an entry, and the tag of entries that have it. */
export interface Route {
  readonly name: string;
  readonly value: string;
  readonly tag: string;
}

/** The most bytes that compressed data may become. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Characters of the longest priority. */
const MOST_PRIORITY = 5;
const GZIP = Buffer.of(0x1f, 0x8b);

/** Gives entries the tag of the first rule that matches. */
export function tagByRule(rules: readonly TagRule[]): Step {
  return (draft) => {
    const text = textOf(draft);
    const rule = rules.find(({ expression }) => expression.test(text));
    if (rule !== undefined) draft.tag = rule.tag;
    return draft;
  };
}

/** Drops entries that an expression matches. */
export function dropMatching(expression: RegExp): Step {
  return (draft) => (expression.test(textOf(draft)) ? undefined : draft);
}

/** Drops entries that an expression does not match. */
export function keepMatching(expression: RegExp): Step {
  return (draft) => (expression.test(textOf(draft)) ? draft : undefined);
}

/**
 * Makes enumerated values of the fields of an object in JSON. Text, numbers and booleans stay what they are;
 * a list or an object, and a number that 64 bits cannot hold, is the text that was written.
 */
export function extractFields(paths: readonly string[]): Step {
  return (draft) => {
    const json = objectTextOf(Buffer.from(draft.data));
    if (json === undefined) return draft;
    for (const path of paths) {
      const part = partAt(json, path);
      const value = part === undefined ? undefined : scalarOf(part);
      if (value !== undefined) draft.values[path] = value;
    }
    return draft;
  };
}

/** Makes enumerated values of the named groups of an expression. */
export function extractGroups(expression: RegExp): Step {
  return (draft) => {
    const groups = expression.exec(textOf(draft))?.groups ?? {};
    for (const [name, text] of Object.entries(groups)) {
      if (text !== undefined) draft.values[name] = text;
    }
    return draft;
  };
}

/** Gives entries the tag of the first route whose value they have. */
export function tagByValue(routes: readonly Route[]): Step {
  return (draft) => {
    const { values } = draft;
    const route = routes.find(
      ({ name, value }) => Object.hasOwn(values, name) && String(values[name]) === value,
    );
    if (route !== undefined) draft.tag = route.tag;
    return draft;
  };
}

/** Takes the priority off a message of syslog: `<34>`. */
export const dropPriority: Step = (draft) => {
  const data = Buffer.from(draft.data);
  const [priority = ''] = /^<\d{1,3}>/.exec(data.toString('latin1', 0, MOST_PRIORITY)) ?? [];
  draft.data = data.subarray(priority.length);
  return draft;
};

/** Decompresses data that is compressed with gzip. */
export const gunzip: Step = (draft) => {
  const data = Buffer.from(draft.data);
  if (data.subarray(0, GZIP.length).equals(GZIP)) {
    draft.data = gunzipSync(data, { maxOutputLength: MOST_BYTES });
  }
  return draft;
};

function textOf({ data }: Draft): string {
  return typeof data === 'string'
    ? data
    : Buffer.from(data.buffer, data.byteOffset, data.length).toString();
}
