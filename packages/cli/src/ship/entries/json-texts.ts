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
  return json.startsWith('"') ? textWithin(json) : json;
}

/** The text between quotes. Most have no escapes. */
function textWithin(quoted: string): string {
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}

/**
 * The text of a part, by its name or by a path of names with points between. Parts of a list have the
 * names 0, 1 and so on. Of several parts with one name, it is the last.
 * @param json valid JSON
 */
export function partAt(json: string, path: string): string | undefined {
  const whole = partNamed(json, path);
  const point = path.indexOf('.');
  if (whole !== undefined || point === -1) return whole;
  const part = partNamed(json, path.slice(0, point));
  return part === undefined ? undefined : partAt(part, path.slice(point + 1));
}

function partNamed(json: string, name: string): string | undefined {
  const isList = json.startsWith('[');
  if (!isList && !json.startsWith('{')) return undefined;
  let found: string | undefined;
  let index = 0;
  for (const [own, text] of partsOf(json)) {
    if ((isList ? `${index++}` : own) === name) found = text;
  }
  return found;
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
      name = textWithin(json.slice(at, end));
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
  for (let quote = json.indexOf('"', from + 1); ; quote = json.indexOf('"', quote + 1)) {
    // A quote is one of the text if the backslash before it is not itself written as two.
    let before = quote;
    while (json[before - 1] === '\\') before--;
    if ((quote - before) % 2 === 0) return quote + 1;
  }
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
