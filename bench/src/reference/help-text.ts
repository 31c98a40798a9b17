import { execFileSync } from 'node:child_process';
import { REPOSITORY } from '../shared/repository.js';

/** What a script of the repository prints for `--help`, as a block of Markdown. */
export function helpText(script: string, ...words: readonly string[]): string {
  return `\`\`\`text\n${printedBy(script, ...words, '--help').trimEnd()}\n\`\`\``;
}

/** What a script of the repository prints. */
export function printedBy(script: string, ...args: readonly string[]): string {
  return execFileSync(process.execPath, [REPOSITORY + script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
}
