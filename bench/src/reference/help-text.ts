import { execFileSync } from 'node:child_process';
import { REPOSITORY } from '../shared/repository.js';

/** What a script of the repository prints for `--help`, as a block of Markdown. */
export function helpText(script: string): string {
  const text = execFileSync(process.execPath, [REPOSITORY + script, '--help'], {
    encoding: 'utf8',
    // Lines are wrapped at this width where the output is no terminal.
    env: { ...process.env, COLUMNS: '100', NO_COLOR: '1' },
  });
  return block(text.trimEnd());
}

/** Text that is shown as it is. */
export function block(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}
