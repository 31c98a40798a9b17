import { arch, cpus, platform, release, totalmem } from 'node:os';
import { basename } from 'node:path';

const SECRET = '--ingest-secret';

/**
 * The command line that made a report, without the secret in it.
 * @param caller what the command is called by: `pnpm`, or the program whose arguments begin with it
 */
export function commandLine(argv: readonly string[], caller = 'pnpm'): string {
  const [, script = '', ...args] = argv;
  const shown = args.map((arg, i) => {
    if (args[i - 1] === SECRET) return '…';
    return arg.startsWith(`${SECRET}=`) ? `${SECRET}=…` : quoted(arg);
  });
  const command = caller === 'pnpm' ? [basename(script, '.js')] : [];
  return [caller, ...command, ...shown].join(' ');
}

/** How a report was made: the command, the machine and the time. */
export function circumstances(
  caller?: string,
  argv: readonly string[] = process.argv,
  at: Date = new Date(),
): [name: string, text: string][] {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown';
  return [
    ['command', commandLine(argv, caller)],
    ['machine', `${processors.length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['system', `${platform()} ${release()} ${arch()}, Node.js ${process.version}`],
    ['made', at.toISOString()],
  ];
}

/** Arguments as a shell reads them. */
export function shellLine(args: readonly string[]): string {
  return args.map(quoted).join(' ');
}

function quoted(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
