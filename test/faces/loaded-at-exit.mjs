import { listLoaded } from './list-loaded.mjs';

/** Beside a program: prints on its standard error, when it ends, the addresses of all files that it has loaded. */
process.on('exit', () => process.stderr.write(JSON.stringify(listLoaded())));
