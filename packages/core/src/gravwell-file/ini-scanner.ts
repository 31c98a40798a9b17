import type { Position } from './error.js';

/** Returns whether a character separates words on a line. */
export function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\r';
}

/** A cursor over the text that knows its line. */
export class Scanner {
  readonly #text: string;
  readonly #name = /\p{L}[\p{L}\p{Nd}-]*/uy;
  #index: number;
  #line = 1;
  #lineStart: number;

  /** A byte order mark at the start is skipped. */
  constructor(text: string) {
    this.#text = text;
    this.#index = text.startsWith('\uFEFF') ? 1 : 0;
    this.#lineStart = this.#index;
  }

  /** Code units from the start of the text. */
  get offset(): number {
    return this.#index;
  }

  get position(): Position {
    return { line: this.#line, column: this.#index - this.#lineStart + 1 };
  }

  get atEnd(): boolean {
    return this.#index >= this.#text.length;
  }

  /** Whether the rest of the line is empty or a comment. */
  get atLineEnd(): boolean {
    const next = this.peek();
    return next === '' || next === '\n' || next === '#' || next === ';';
  }

  /** The next code unit, or an empty string at the end. */
  peek(): string {
    return this.#text.charAt(this.#index);
  }

  take(): string {
    const character = this.peek();
    this.#index++;
    if (character === '\n') this.#beginLine();
    return character;
  }

  takeName(): string {
    this.#name.lastIndex = this.#index;
    const name = this.#name.exec(this.#text)?.[0] ?? '';
    this.#index += name.length;
    return name;
  }

  skipBlanks(): void {
    while (isBlank(this.peek())) this.#index++;
  }

  skipLine(): void {
    const end = this.#text.indexOf('\n', this.#index);
    this.#index = end < 0 ? this.#text.length : end + 1;
    this.#beginLine();
  }

  #beginLine(): void {
    this.#line++;
    this.#lineStart = this.#index;
  }
}
