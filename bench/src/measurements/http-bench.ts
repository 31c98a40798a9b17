import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { EntrySource } from '../contents/entry-source.js';
import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { BATCH, inTurn, type Rounds, runMuxer, SECRET } from './muxer-run.js';

const ENTRY_BYTES = 256;
/** Requests under way at a time, each on a connection that is kept. */
const REQUESTS = 8;
const LINE_END = Buffer.from('\n');

/** One way to ship entries; medians of all rounds. */
export interface HttpRow {
  readonly name: string;
  readonly entriesPerSecond: number;
  /** Processor time of this process, all its threads: the far end has a process of its own. */
  readonly cpuSecondsPerMillion: number;
}

type Result = Omit<HttpRow, 'name'>;

/**
 * Measures a muxer beside a client of HTTP that posts lines, both with a receipt for everything: the indexer
 * confirms, and the server answers once it has read the body.
 * @param onRow called with each row at the end
 */
export async function runHttp(
  { rounds, duration }: Rounds,
  onRow: (row: HttpRow) => void,
): Promise<HttpRow[]> {
  const indexer = await IndexerChild.start({ secret: SECRET, tally: false, digest: false });
  const server = fork(new URL('./http-receiver.js', import.meta.url));
  try {
    const [port] = (await once(server, 'message')) as [number];
    const target = { targets: [indexer.address] };
    const muxer = { target, entryBytes: ENTRY_BYTES, duration };
    const ways: Readonly<Record<string, () => Promise<Result>>> = {
      'muxer, lines': () => runMuxer({ ...muxer, write: 'lines' }),
      'muxer, writeBatch of 1024': () => runMuxer({ ...muxer, write: 'writeBatch' }),
      'muxer, writeEntry': () => runMuxer({ ...muxer, write: 'writeEntry' }),
      'HTTP, 1024 lines a request': () => postLines(server, port, BATCH, duration),
      'HTTP, one line a request': () => postLines(server, port, 1, duration),
    };
    const results = Object.entries(ways).map(([name, run]) => ({ name, run, all: [] as Result[] }));
    await inTurn(
      results.map(({ run, all }) => async () => {
        all.push(await run());
      }),
      rounds,
    );
    const rows = results.map(({ name, all }) => ({
      name,
      entriesPerSecond: median(all.map((one) => one.entriesPerSecond)),
      cpuSecondsPerMillion: median(all.map((one) => one.cpuSecondsPerMillion)),
    }));
    rows.forEach(onRow);
    return rows;
  } finally {
    server.kill();
    await indexer.stop();
  }
}

/** A row for people. */
export function formatHttp({ name, entriesPerSecond, cpuSecondsPerMillion }: HttpRow): string {
  return (
    `${`${name}:`.padEnd(28)}${(entriesPerSecond / 1e6).toFixed(3)} M/s ` +
    `at ${cpuSecondsPerMillion.toFixed(2)} s a million`
  );
}

/** Posts batches of lines over and over, and waits for the answers. */
async function postLines(
  server: ChildProcess,
  port: number,
  batch: number,
  duration: number,
): Promise<Result> {
  const agent = new Agent({ keepAlive: true, maxSockets: REQUESTS });
  const lines = distinctLines();
  const before = await linesAt(server);
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  let sent = 0;
  const client = async () => {
    while (performance.now() - start < duration) {
      const from = sent % BATCH;
      sent += batch;
      await post(agent, port, Buffer.concat(lines.slice(2 * from, 2 * (from + batch))));
    }
  };
  await Promise.all(Array.from({ length: REQUESTS }, client));
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  agent.destroy();
  const arrived = (await linesAt(server)) - before;
  if (arrived !== sent) throw new Error(`of ${sent} lines by HTTP, ${arrived} arrived`);
  return { entriesPerSecond: sent / seconds, cpuSecondsPerMillion: (cpu.user + cpu.system) / sent };
}

/** A batch of lines, with a line end after each. */
function distinctLines(): Buffer[] {
  const source = new EntrySource({
    seed: 1,
    entryBytes: ENTRY_BYTES,
    tags: [0],
    source: 'random',
    startSeconds: 0,
    batch: BATCH,
    content: 'lines',
  });
  return Array.from({ length: BATCH }, (_, i) => [
    Buffer.from(source.entry(i).data),
    LINE_END,
  ]).flat();
}

async function post(agent: Agent, port: number, body: Buffer): Promise<void> {
  const sending = request({ agent, host: '127.0.0.1', port, method: 'POST' });
  sending.end(body);
  const [answer] = await once(sending, 'response');
  answer.resume();
  await once(answer, 'end');
  if (answer.statusCode !== 200) throw new Error(`the server has answered ${answer.statusCode}`);
}

async function linesAt(server: ChildProcess): Promise<number> {
  const answer = once(server, 'message');
  server.send('count');
  const [lines] = (await answer) as [number];
  return lines;
}
