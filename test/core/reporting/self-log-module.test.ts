import type { UnixTime } from '@ringest/codec';
import {
  formatSyslog,
  type LogIngest,
  SelfLog,
  type SelfLogOptions,
  type SyslogLine,
} from '@ringest/core/internal';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { collectLogs } from '../../support/muxer.js';
import { eventually } from '../../support/waiting.js';

const SILENT = pino({ level: 'silent' });
const MEBIBYTE = 2 ** 20;

/** Something to ingest lines, which takes them while it is open. */
class Sink implements LogIngest {
  readonly level: LogIngest['level'];
  readonly appName = 'app';
  readonly hostname = 'host';
  readonly times: UnixTime[] = [];
  readonly lines: string[] = [];
  /** How many more lines it takes. */
  room: number;

  constructor({ level = 'info', room = Number.POSITIVE_INFINITY }: Partial<Sink> = {}) {
    this.level = level;
    this.room = room;
  }

  write(time: UnixTime, text: string): boolean {
    if (this.room <= 0) return false;
    this.room--;
    this.times.push(time);
    this.lines.push(text);
    return true;
  }

  /** The messages of the lines. */
  get messages(): string[] {
    return this.lines.map((line) => parse(line).message ?? '');
  }
}

/** The warnings of the process that say `text`, until the test is finished. */
function warningsOf(text: string): Error[] {
  const warnings: Error[] = [];
  const listener = (warning: Error) => {
    if (warning.message.includes(text)) warnings.push(warning);
  };
  process.on('warning', listener);
  onTestFinished(() => {
    process.off('warning', listener);
  });
  return warnings;
}

type CallLog = (level: string, fields: object, message: string) => unknown;

function logger(call: CallLog, levels: string[] = ['info', 'warn', 'error']) {
  const methods = levels.map((level) => [
    level,
    (...args: [object, string]) => call(level, ...args),
  ]);
  return Object.fromEntries(methods) as SelfLogOptions['logger'];
}

interface Parsed {
  readonly priority: number;
  readonly header: readonly string[];
  readonly id: string | undefined;
  readonly parameters: readonly [name: string, value: string][];
  readonly message: string | undefined;
}

const HEADER =
  /^<(\d{1,3})>1 (-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) /;
const PARAMETER = /^ ([!#-<>-\\^-~]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"/u;

/** Reads a line by the grammar of RFC 5424 §6, to the letter; throws if it is not of it. */
function parse(line: string): Parsed {
  const match = HEADER.exec(line);
  if (match === null) throw new Error(`no header: ${line}`);
  const [whole, priority, ...header] = match;
  let rest = line.slice(whole.length);
  let id: string | undefined;
  const parameters: [string, string][] = [];
  if (rest.startsWith('-')) rest = rest.slice(1);
  else {
    [, id] = /^\[([!#-<>-\\^-~]{1,32})/.exec(rest) ?? [];
    if (id === undefined) throw new Error(`no structured data: ${rest}`);
    rest = rest.slice(1 + id.length);
    for (let next = PARAMETER.exec(rest); next !== null; next = PARAMETER.exec(rest)) {
      const [text, name = '', value = ''] = next;
      parameters.push([name, value.replaceAll(/\\(["\\\]])/g, '$1')]);
      rest = rest.slice(text.length);
    }
    if (!rest.startsWith(']')) throw new Error(`no end of the structured data: ${rest}`);
    rest = rest.slice(1);
  }
  if (rest !== '' && !rest.startsWith(' ')) throw new Error(`no message: ${rest}`);
  const message = rest === '' ? undefined : rest.slice(1);
  return { priority: Number(priority), header, id, parameters, message };
}

const LINE: SyslogLine = {
  level: 'info',
  time: new Date('2024-02-29T12:34:56.789Z'),
  hostname: 'web-1.example.com',
  appName: 'ringest',
  processId: '4711',
  messageId: 'ID47',
  data: {},
  message: 'hot',
};

function format(line: Partial<SyslogLine>): string {
  return formatSyslog({ ...LINE, ...line });
}

function parametersOf(data: SyslogLine['data']): readonly [string, string][] {
  return parse(format({ data })).parameters;
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a line as RFC 5424 text', () => {
  it('has a header, structured data and a message', () => {
    expect(format({ data: { target: 'tcp://a:1', lanes: 2 } })).toBe(
      '<14>1 2024-02-29T12:34:56.789Z web-1.example.com ringest 4711 ID47 ' +
        '[gw@1 target="tcp://a:1" lanes="2"] hot',
    );
  });

  it.each([
    ['debug', 15],
    ['info', 14],
    ['warn', 12],
    ['error', 11],
  ] as const)('of level %s has priority %i', (level, priority) => {
    expect(parse(format({ level })).priority).toBe(priority);
  });

  it('has - for what is empty, and no message if there is none', () => {
    const empty = { hostname: '', appName: '', processId: '', messageId: '', message: '' };
    expect(format(empty)).toBe('<14>1 2024-02-29T12:34:56.789Z - - - - -');
  });

  it.each([Number.NaN, Date.UTC(10_000, 0), Date.UTC(-1, 0)])(
    'has - for a time that RFC 3339 cannot write: %d',
    (time) => {
      expect(parse(format({ time: new Date(time) })).header[0]).toBe('-');
    },
  );

  it('has fields of at most 255, 48, 128 and 32 characters', () => {
    const x = 'x'.repeat(300);
    const { header } = parse(format({ hostname: x, appName: x, processId: x, messageId: x }));
    expect(header.slice(1).map(({ length }) => length)).toEqual([255, 48, 128, 32]);
  });

  it('has _ in a field for each character that cannot be there', () => {
    const { header } = parse(
      format({ hostname: 'my höst', appName: '𝒳\n', messageId: 'a\u007fb' }),
    );
    expect(header.slice(1)).toEqual(['my_h_st', '__', '4711', 'a_b']);
  });

  it('has names of parameters of at most 32 characters, each one that can be there', () => {
    const data = { 'a=b "c"]': 1, ['y'.repeat(33)]: 2, '': 3, ö: 4, '"': 5 };
    expect(parametersOf(data).map(([name]) => name)).toEqual([
      'a_b__c__',
      'y'.repeat(32),
      '_',
      '_',
      '_',
    ]);
  });

  it('has quotes, backslashes and brackets in values behind a backslash', () => {
    expect(format({ data: { a: 'say "[x\\]"' } })).toContain(String.raw`[gw@1 a="say \"[x\\\]\""]`);
  });

  it('has plain values as text, and others as JSON', () => {
    const data = {
      text: 'ä',
      number: 1.5,
      none: Number.NaN,
      big: 2n ** 64n,
      flag: false,
      null: null,
      time: new Date(0),
      list: [1, 'b', 3n],
      object: { a: { b: new Error('inner') } },
    };
    expect(parametersOf(data)).toEqual([
      ['text', 'ä'],
      ['number', '1.5'],
      ['none', 'NaN'],
      ['big', '18446744073709551616'],
      ['flag', 'false'],
      ['null', 'null'],
      ['time', '1970-01-01T00:00:00.000Z'],
      ['list', '[1,"b","3"]'],
      ['object', '{"a":{"b":"inner"}}'],
    ]);
  });

  it('has no parameters for what JSON leaves out', () => {
    expect(
      parse(format({ data: { a: undefined, b: () => 1, c: Symbol('c') } })).id,
    ).toBeUndefined();
  });

  it('says why a value is not shown', () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const [[, shown] = []] = parametersOf({ circular });
    expect(shown).toMatch(/^not shown: .*circular/);
  });

  it('has the message and the code of an error', () => {
    const err = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    expect(parametersOf({ err, other: new Error('plain'), ['x'.repeat(40)]: err })).toEqual([
      ['err', 'refused'],
      ['err.code', 'ECONNREFUSED'],
      ['other', 'plain'],
      ['x'.repeat(32), 'refused'],
      [`${'x'.repeat(27)}.code`, 'ECONNREFUSED'],
    ]);
  });

  it('is one line that does nothing to a terminal', () => {
    const text = 'a\nb\r\tc\u001b[31md\u0000\u0085\u2028\u2029e';
    const line = format({ message: text, data: { text } });
    const shown = String.raw`a\nb\r\tc\u001b[31md\u0000\u0085\u2028\u2029e`;
    expect(parse(line).parameters).toEqual([['text', shown]]);
    expect(parse(line).message).toBe(shown);
    expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  });

  it('begins a message that is not ASCII with a byte order mark', () => {
    expect(parse(format({ message: 'schön' })).message).toBe('\ufeffschön');
    expect(parse(format({ message: 'fine' })).message).toBe('fine');
  });

  it('is of the grammar whatever it is made from', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
    const value = fc.oneof(text, fc.anything({ withBigInt: true, withDate: true }));
    const lines = fc.record({
      level: fc.constantFrom('debug', 'info', 'warn', 'error'),
      time: fc.date(),
      hostname: text,
      appName: text,
      processId: text,
      messageId: text,
      data: fc.dictionary(text, value),
      message: text,
    });
    fc.assert(
      fc.property(lines, (line) => {
        const made = formatSyslog(line);
        expect(made).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        const { parameters, message } = parse(made);
        expect(message === undefined).toBe(line.message === '');
        const values = parameters.map(([, shown]) => shown);
        for (const [, given] of Object.entries(line.data)) {
          if (typeof given === 'string' && /^[ -~]*$/.test(given)) expect(values).toContain(given);
        }
      }),
    );
  });
});

describe('the own log', () => {
  it('goes to the logger and is ingested', () => {
    const { logger, lines } = collectLogs();
    const ingest = new Sink();
    const log = new SelfLog({ logger, ingest });
    log.info({ target: 'tcp://a:1' }, 'hot');
    log.warn({ err: new Error('reset') }, 'lost');
    log.error({}, 'failed');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 30, target: 'tcp://a:1', msg: 'hot' }),
      expect.objectContaining({ level: 40, msg: 'lost', err: expect.any(Object) }),
      expect.objectContaining({ level: 50, msg: 'failed' }),
    ]);
    expect(ingest.lines.map(parse)).toMatchObject([
      { priority: 14, parameters: [['target', 'tcp://a:1']], message: 'hot' },
      { priority: 12, parameters: [['err', 'reset']], message: 'lost' },
      { priority: 11, id: undefined, message: 'failed' },
    ]);
    expect(parse(ingest.lines[0] ?? '').header.slice(1)).toEqual([
      'host',
      'app',
      `${process.pid}`,
      '-',
    ]);
    expect(log).toMatchObject({ waiting: 0, dropped: 0 });
  });

  it('has the time at which it was logged, also if it had to wait', () => {
    vi.useFakeTimers({ now: 1_000_250 });
    const ingest = new Sink({ room: 0 });
    const log = new SelfLog({ logger: SILENT, ingest });
    log.info({}, 'early');
    vi.setSystemTime(9_000_000);
    ingest.room = 1;
    log.flush();
    expect(ingest.times.map(({ seconds }) => seconds)).toEqual([1000]);
    expect(parse(ingest.lines[0] ?? '').header[0]).toMatch(/^1970-01-01T00:16:40\.25/);
  });

  it('is not ingested unless that is asked for', () => {
    const { logger, lines } = collectLogs();
    const log = new SelfLog({ logger });
    log.info({}, 'hot');
    log.flush();
    expect(lines).toHaveLength(1);
    expect(log).toMatchObject({ waiting: 0, dropped: 0 });
  });

  it.each([
    ['debug', ['d', 'i', 'w', 'e']],
    ['info', ['i', 'w', 'e']],
    ['warn', ['w', 'e']],
    ['error', ['e']],
  ] as const)('is ingested from the level %s up; the logger gets it all', (level, expected) => {
    const { logger, lines } = collectLogs();
    const ingest = new Sink({ level });
    const log = new SelfLog({ logger, ingest });
    log.debug({}, 'd');
    log.info({}, 'i');
    log.warn({}, 'w');
    log.error({}, 'e');
    expect(ingest.messages).toEqual(expected);
    expect(lines).toHaveLength(4);
  });

  it('needs no debug of the logger', () => {
    const ingest = new Sink({ level: 'debug' });
    const log = new SelfLog({ logger: logger(() => {}), ingest });
    log.debug({}, 'd');
    expect(ingest.messages).toEqual(['d']);
  });

  it('calls the logger as a method', () => {
    const messages: string[] = [];
    class Own {
      readonly #messages = messages;
      info(_fields: object, message: string): void {
        this.#messages.push(message);
      }
      warn = this.info;
      error = this.info;
    }
    new SelfLog({ logger: new Own() as unknown as SelfLogOptions['logger'] }).info({}, 'hot');
    expect(messages).toEqual(['hot']);
  });
});

describe('lines that cannot be ingested yet', () => {
  it('wait, and keep their order before later ones', () => {
    const ingest = new Sink({ room: 0 });
    const log = new SelfLog({ logger: SILENT, ingest });
    log.info({}, 'a');
    log.info({}, 'b');
    expect(log.waiting).toBe(2);
    ingest.room = 1;
    log.flush();
    expect(ingest.messages).toEqual(['a']);
    log.info({}, 'c');
    ingest.room = 10;
    log.info({}, 'd');
    expect(ingest.messages).toEqual(['a', 'b', 'c', 'd']);
    expect(log).toMatchObject({ waiting: 0, dropped: 0 });
  });

  it('wait up to a thousand; then the oldest go, and the next line is preceded by their number', () => {
    const ingest = new Sink({ room: 0 });
    const log = new SelfLog({ logger: SILENT, ingest });
    for (let i = 0; i < 1003; i++) log.info({}, `${i}`);
    expect(log).toMatchObject({ waiting: 1000, dropped: 3 });
    ingest.room = 2000;
    log.flush();
    expect(log).toMatchObject({ waiting: 0, dropped: 3 });
    expect(parse(ingest.lines[0] ?? '')).toMatchObject({
      priority: 12,
      parameters: [['dropped', '3']],
      message: 'lines of this log were dropped',
    });
    expect(ingest.messages.slice(1)).toEqual(Array.from({ length: 1000 }, (_, i) => `${i + 3}`));
    log.info({}, 'later');
    expect(ingest.messages.at(-1)).toBe('later');
    expect(ingest.lines).toHaveLength(1002);
  });

  it('wait up to a mebibyte', () => {
    const ingest = new Sink({ room: 0 });
    const log = new SelfLog({ logger: SILENT, ingest });
    const kibibytes = 'ä'.repeat(50 * 512);
    for (let i = 0; i < 30; i++) log.info({ i }, kibibytes);
    expect(log.waiting).toBe(20);
    expect(log.dropped).toBe(10);
    ingest.room = 100;
    log.flush();
    const bytes = ingest.lines.slice(1).reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    expect(bytes).toBeLessThanOrEqual(MEBIBYTE);
    expect(parse(ingest.lines[1] ?? '').parameters).toEqual([['i', '10']]);
  });

  it('do not make room for one that is larger than all the room', () => {
    const ingest = new Sink({ room: 0 });
    const log = new SelfLog({ logger: SILENT, ingest });
    log.info({}, 'a');
    log.info({}, 'x'.repeat(MEBIBYTE));
    expect(log).toMatchObject({ waiting: 1, dropped: 1 });
    ingest.room = 2;
    log.info({}, 'b');
    expect(ingest.messages).toEqual(['lines of this log were dropped', 'a']);
    expect(log.waiting).toBe(1);
  });

  it('are all accounted for, whatever happens', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ log: fc.integer({ min: 1, max: 700 }) }),
        fc.record({ room: fc.integer({ min: 0, max: 900 }) }),
        fc.record({ flush: fc.constant(true) }),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(steps, (taken) => {
        const ingest = new Sink({ room: 0 });
        const log = new SelfLog({ logger: SILENT, ingest });
        let logged = 0;
        for (const step of taken) {
          if ('log' in step) for (let i = 0; i < step.log; i++) log.info({ n: logged++ }, 'x');
          else if ('room' in step) ingest.room = step.room;
          else log.flush();
        }
        // From what arrived: a number, or a number of lines that were dropped before the next.
        let next = 0;
        let told = 0;
        for (const [[name, value] = ['', '']] of ingest.lines.map((l) => parse(l).parameters)) {
          if (name === 'dropped') told += Number(value);
          else expect(Number(value)).toBeGreaterThanOrEqual(next);
          if (name === 'n') next = Number(value) + 1;
        }
        const arrived = ingest.lines.filter((line) => !line.includes('dropped=')).length;
        expect(arrived + log.waiting + log.dropped).toBe(logged);
        expect(told).toBeLessThanOrEqual(log.dropped);
        expect(log.waiting).toBeLessThanOrEqual(1000);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a failure of the logger', () => {
  it('is told once as a warning of the process, and stops nothing', async () => {
    const warnings = warningsOf('disk full');
    const ingest = new Sink();
    const throwing = logger(() => {
      throw new Error('disk full');
    });
    const log = new SelfLog({ logger: throwing, ingest });
    log.info({}, 'a');
    log.error({}, 'b');
    await eventually(() => expect(warnings).toHaveLength(1));
    expect(warnings[0]?.name).toBe('RingestLogWarning');
    expect(ingest.messages).toEqual(['a', 'b']);
  });

  it('may come late', async () => {
    const warnings = warningsOf('no route');
    const log = new SelfLog({ logger: logger(() => Promise.reject(new Error('no route'))) });
    log.info({}, 'a');
    await eventually(() => expect(warnings).toHaveLength(1));
  });

  it('may be anything that can be thrown', async () => {
    const warnings = warningsOf('a value of type object');
    const throwing = logger(() => {
      throw Object.create(null);
    });
    new SelfLog({ logger: throwing }).info({}, 'a');
    await eventually(() => expect(warnings).toHaveLength(1));
  });
});

describe('a failure to ingest', () => {
  it('costs the line that failed, not those after it, and is told once', async () => {
    const warnings = warningsOf('the first reason');
    const ingest = new Sink();
    const { logger, lines } = collectLogs();
    const write = (time: UnixTime, text: string): boolean => {
      if (text.endsWith(' bad')) throw new Error('the first reason');
      return ingest.write(time, text);
    };
    const { level, appName, hostname } = ingest;
    const log = new SelfLog({ logger, ingest: { level, appName, hostname, write } });
    for (const message of ['a', 'bad', 'bad', 'b', 'c']) log.info({}, message);
    const lost = 'lines of this log were dropped';
    expect(ingest.messages).toEqual(['a', lost, lost, 'b', 'c']);
    expect(log).toMatchObject({ waiting: 0, dropped: 2 });
    expect(lines).toHaveLength(5);
    await eventually(() => expect(warnings).toHaveLength(1));
  });

  it('holds up nothing that waits behind it', () => {
    const ingest = new Sink({ room: 0 });
    let isBroken = false;
    const write = (time: UnixTime, text: string): boolean => {
      if (isBroken && text.endsWith(' bad')) throw new Error('not this one');
      return ingest.write(time, text);
    };
    const { level, appName, hostname } = ingest;
    const log = new SelfLog({ logger: SILENT, ingest: { level, appName, hostname, write } });
    log.info({}, 'bad');
    log.info({}, 'good');
    isBroken = true;
    ingest.room = 10;
    log.flush();
    expect(ingest.messages.at(-1)).toBe('good');
    expect(log).toMatchObject({ waiting: 0, dropped: 1 });
  });

  it('may lie in fields that cannot be read', async () => {
    const warnings = warningsOf('no such thing');
    const ingest = new Sink();
    const log = new SelfLog({ logger: SILENT, ingest });
    const fields = {
      get bad(): string {
        throw new Error('no such thing');
      },
    };
    log.info(fields, 'a');
    log.info({}, 'b');
    expect(ingest.messages).toEqual(['lines of this log were dropped', 'b']);
    expect(log.dropped).toBe(1);
    await eventually(() => expect(warnings).toHaveLength(1));
  });
});

describe('a line that a line causes', () => {
  it('goes to the logger alone if ingesting caused it', () => {
    const { logger, lines } = collectLogs();
    const ingest = new Sink();
    const write = (time: UnixTime, text: string): boolean => {
      log.warn({}, 'caused');
      log.flush();
      return ingest.write(time, text);
    };
    const { level, appName, hostname } = ingest;
    const log = new SelfLog({ logger, ingest: { level, appName, hostname, write } });
    log.info({}, 'a');
    expect(ingest.messages).toEqual(['a']);
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['a', 'caused']);
    expect(log).toMatchObject({ waiting: 0, dropped: 0 });
  });

  it('is ingested alone if the logger caused it', () => {
    const told: string[] = [];
    const ingest = new Sink();
    const causing = logger((_level, _fields, message) => {
      told.push(message);
      log.warn({}, 'caused');
    });
    const log = new SelfLog({ logger: causing, ingest });
    log.info({}, 'a');
    expect(told).toEqual(['a']);
    expect(ingest.messages).toEqual(['caused', 'a']);
  });

  it('comes to an end if both cause lines', () => {
    const told: string[] = [];
    const ingested: string[] = [];
    const causing = logger((_level, _fields, message) => {
      told.push(message);
      log.warn({}, 'by the logger');
    });
    const write = (_time: UnixTime, text: string): boolean => {
      ingested.push(text);
      log.warn({}, 'by ingesting');
      return true;
    };
    const ingest = { level: 'info', appName: '', hostname: '', write } as const;
    const log = new SelfLog({ logger: causing, ingest });
    log.info({}, 'a');
    expect(told).toEqual(['a', 'by ingesting']);
    expect(ingested).toHaveLength(2);
  });
});
