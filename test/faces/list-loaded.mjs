import { Session } from 'node:inspector';

/** The addresses of all files that the main thread of this process has loaded. */
export function listLoaded() {
  const files = [];
  const session = new Session();
  session.connect();
  session.on('Debugger.scriptParsed', ({ params }) => files.push(params.url));
  session.post('Debugger.enable');
  session.disconnect();
  return files;
}
