/** Logs numbered records through the transport, and ends in one of several ways. */
import { pino } from 'pino';

const { count, end, options, targets } = JSON.parse(process.argv[2]);
const transport = pino.transport(targets ? { targets } : { target: '@ringest/pino', options });
transport.on('ringest', (report) => console.log(JSON.stringify(report)));
const logger = pino({ level: 'trace' }, transport);

function logAll() {
  for (let number = 0; number < count; number++) logger.info({ number }, `record ${number}`);
}

const ends = {
  exit: () => process.exit(0),
  fatal: () => {
    logger.fatal({ number: count }, 'the end');
    process.exit(1);
  },
  uncaught: () => {
    throw new Error('nobody catches this');
  },
  quiet: () => {},
  flushed: () => {
    logger.flush((error) => {
      console.log(JSON.stringify({ flushed: error?.message ?? 'yes' }));
    });
    setInterval(() => {}, 60_000);
  },
  never: () => {
    setInterval(() => {}, 60_000);
  },
  closed: () => {
    // The transport alone does not keep a program alive.
    setInterval(() => {}, 60_000);
    transport.once('close', () => process.exit(0));
    transport.end();
  },
};

if (end === 'exit' || end === 'uncaught') {
  logAll();
  ends[end]();
} else {
  transport.once('ready', () => {
    logAll();
    ends[end]();
  });
}
