/** A message of RFC 5424, section 6. */
export interface SyslogMessage {
  readonly facility: number;
  readonly severity: number;
  readonly timestamp: string | undefined;
  readonly hostname: string | undefined;
  readonly program: string | undefined;
  readonly processId: string | undefined;
  readonly messageId: string | undefined;
  /** The parameters of each element, by its id. */
  readonly elements: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly text: string;
}

const printable = (most: number) => `(-|[!-~]{1,${most}})`;
const TIME = String.raw`(-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))`;
const NAME = String.raw`[!#-<>-\\^-~]{1,32}`;
const PARAMETER = String.raw`${NAME}="(?:[^"\\\]]|\\["\\\]])*"`;
const ELEMENT = String.raw`\[${NAME}(?: ${PARAMETER})*\]`;
const MESSAGE = new RegExp(
  [
    String.raw`^<(0|[1-9]\d{0,2})>1 ${TIME} ${printable(255)} ${printable(48)}`,
    ` ${printable(128)} ${printable(32)} (-|(?:${ELEMENT})+)(?: ([^]*))?$`,
  ].join(''),
);

/**
 * Parses a message by the grammar of RFC 5424.
 * @throws it is none
 */
export function parseSyslog(message: string): SyslogMessage {
  const [, priority, ...fields] = MESSAGE.exec(message) ?? [];
  if (priority === undefined || Number(priority) > 191) throw new Error(`no syslog: ${message}`);
  const [timestamp, hostname, program, processId, messageId, data = '-', text = ''] = fields.map(
    (field) => (field === '-' ? undefined : field),
  );
  if (timestamp !== undefined && Number.isNaN(Date.parse(timestamp))) {
    throw new Error(`no time: ${timestamp}`);
  }
  const elements = [...data.matchAll(new RegExp(ELEMENT, 'g'))].map(([element]) => {
    const [id = ''] = new RegExp(NAME).exec(element.slice(1)) ?? [];
    const parameters = [...element.matchAll(new RegExp(PARAMETER, 'g'))].map(([parameter]) => {
      const equals = parameter.indexOf('=');
      return [parameter.slice(0, equals), parameter.slice(equals + 2, -1)] as const;
    });
    return [id, new Map(parameters)] as const;
  });
  return {
    facility: Number(priority) >> 3,
    severity: Number(priority) & 7,
    ...{ timestamp, hostname, program, processId, messageId },
    elements: new Map(elements),
    text,
  };
}
