import { spawn } from 'node:child_process';

/**
 * Processes that do nothing but use a core each, until they are disposed of. They end by themselves
 * when this process is gone.
 */
export function keepBusy(processes: number): Disposable {
  const spin = `const parent = ${process.pid};
    for (;;) {
      for (let i = 0; i < 1e8; i++);
      if (process.ppid !== parent) process.exit();
    }`;
  const children = Array.from({ length: processes }, () =>
    spawn(process.execPath, ['-e', spin], { stdio: 'ignore' }),
  );
  return {
    [Symbol.dispose]() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
