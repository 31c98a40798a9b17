import { SECRET_FILE_VARIABLE, SECRET_VARIABLE } from '@ringest/indexer/command-line';

/** The environment of a process that gets its secret in a message. */
export function withoutSecret(): NodeJS.ProcessEnv {
  const { [SECRET_VARIABLE]: _secret, [SECRET_FILE_VARIABLE]: _file, ...environment } = process.env;
  return environment;
}
