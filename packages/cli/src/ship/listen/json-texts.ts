/** What may stand between the parts of JSON. */
export const SPACE = ' \t\n\r';
const AFTER_SCALAR = `,]}${SPACE}`;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The text of a body.
 * @throws {SyntaxError} it is no UTF-8
 */
export function textOf(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new SyntaxError('it is no UTF-8');
  }
}

/** What a text in JSON stands for as data: a text without its quotes, and anything else as it was written. */
export function dataOf(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

/**
 * The parts of a list or an object, as they were written: a number keeps digits that no number of JavaScript has.
 * @param json valid JSON
 * @returns the name of each part, which is empty in a list, and its text
 */
export function* partsOf(json: string): Generator<readonly [name: string, text: string]> {
  let at = afterSpace(json, 0);
  const isObject = json[at] === '{';
  at = afterSpace(json, at + 1);
  while (json[at] !== ']' && json[at] !== '}') {
    let name = '';
    if (isObject) {
      const end = endOfText(json, at);
      name = JSON.parse(json.slice(at, end)) as string;
      // Behind the colon.
      at = afterSpace(json, afterSpace(json, end) + 1);
    }
    const end = endOfValue(json, at);
    yield [name, json.slice(at, end)];
    at = afterSpace(json, end);
    if (json[at] === ',') at = afterSpace(json, at + 1);
  }
}

function afterSpace(json: string, from: number): number {
  let at = from;
  while (at < json.length && SPACE.includes(json.charAt(at))) at++;
  return at;
}

function endOfText(json: string, from: number): number {
  let at = from + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfValue(json: string, from: number): number {
  let at = from;
  if (!'{["'.includes(json.charAt(at))) {
    while (at < json.length && !AFTER_SCALAR.includes(json.charAt(at))) at++;
    return at;
  }
  let depth = 0;
  do {
    const character = json.charAt(at);
    if (character === '"') at = endOfText(json, at);
    else at++;
    if ('{['.includes(character)) depth++;
    else if (']}'.includes(character)) depth--;
  } while (depth > 0);
  return at;
}
