import { execFileSync } from 'node:child_process';
import { REPOSITORY } from '../shared/repository.js';

/** What a command of the repository prints for `--help`, as a block of Markdown. */
export function helpText(script: string, ...subcommand: readonly string[]): string {
  const text = execFileSync(process.execPath, [REPOSITORY + script, ...subcommand, '--help'], {
    encoding: 'utf8',
    // Lines are wrapped at this width where the output is no terminal.
    env: { ...process.env, COLUMNS: '100', NO_COLOR: '1' },
  });
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``;
}
