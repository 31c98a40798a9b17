import { readFileSync } from 'node:fs';
import { ConfigFileError, type Position } from '../gravwell-file/index.js';
import type { MuxerConfiguration } from './configuration.js';

/**
 * Reads the options of a muxer from a JSON file. `new IngestMuxer` checks them, as it checks those that a
 * program gives.
 *
 * @throws {ConfigFileError} if the file cannot be read, or is not a JSON object
 */
export function readJsonConfiguration(path: string): MuxerConfiguration {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new ConfigFileError(`the file cannot be read: ${reason}`, { origin: path });
  }
  const value = parse(text, path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as MuxerConfiguration;
  }
  throw new ConfigFileError('write an object with the options of a muxer', { origin: path });
}

function parse(text: string, origin: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message is not repeated: it quotes the text, which may be a secret.
    const position = positionIn(text, (error as Error).message);
    throw new ConfigFileError('this is not JSON; check quotes and commas', { origin, position });
  }
}

function positionIn(text: string, message: string): Position | undefined {
  const [, offset] = /at position (\d+)/.exec(message) ?? [];
  if (offset === undefined) return undefined;
  const lines = text.slice(0, Number(offset)).split('\n');
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}
