import {
  encodeConfirmEntry,
  encodePong,
  encodeTagRequest,
  type IndexerMessage,
  IndexerStreamDecoder,
  type IngesterMessage,
  IngesterStreamDecoder,
  TENANT_MARKER,
} from '@ringest/codec';
import { recorded, SESSIONS, type Side } from '../../support/sessions.js';
import { type Target, texts } from '../target.js';
import { encodeFrame, PLAIN } from './entries.js';
import { JSON_WORDS } from './messages.js';
import { encodeIndexerMessage, encodeIngesterMessage } from './stream-encoding.js';
import { type Direction, runStream } from './stream-reader.js';
import {
  INDEXER_COMMANDS,
  INDEXER_WORDS,
  INGESTER_COMMANDS,
  INGESTER_WORDS,
  repeated,
  TO_COMMANDS,
} from './stream-seeds.js';

const SAID: { readonly [S in Side]: readonly Buffer[] } = {
  indexer: SESSIONS.map((name) => Buffer.concat(recorded(name, 'indexer'))),
  ingester: SESSIONS.map((name) => Buffer.concat(recorded(name, 'ingester'))),
};

const indexerSide: Direction<IndexerMessage> = {
  create: () => new IndexerStreamDecoder(),
  beforeConfiguration: 'confirmIngestOk',
  encode: encodeIndexerMessage,
};

const ingesterSide: Direction<IngesterMessage> = {
  create: () => new IngesterStreamDecoder(),
  beforeConfiguration: 'ingestOk',
  encode: encodeIngesterMessage,
};

const NOTHING = Buffer.alloc(0);

/** Both directions, from their first byte and from the first command on. */
export const STREAMS: readonly Target[] = [
  {
    name: 'indexer-stream',
    seeds: SAID.indexer,
    words: [...INDEXER_WORDS, ...JSON_WORDS, ...texts('"ID":12500802', '"Count":', '"Tags":')],
    run: (input) => runStream(indexerSide, NOTHING, input),
    long: (size) => Buffer.concat([TO_COMMANDS.indexer, repeated(encodeConfirmEntry(1), size)]),
  },
  {
    name: 'indexer-commands',
    seeds: INDEXER_COMMANDS,
    words: INDEXER_WORDS,
    run: (input) => runStream(indexerSide, TO_COMMANDS.indexer, input),
    long: (size) => repeated(encodePong(), size),
  },
  {
    name: 'ingester-stream',
    seeds: SAID.ingester,
    words: [
      ...INGESTER_WORDS,
      ...JSON_WORDS,
      TENANT_MARKER,
      ...texts('"ID":', '"Count":', '"Tags":'),
    ],
    run: (input) => runStream(ingesterSide, NOTHING, input),
    long: (size) =>
      Buffer.concat([Buffer.alloc(32), encodeTagRequest(['t'.repeat(size), 'u'.repeat(size)])]),
  },
  {
    name: 'ingester-commands',
    seeds: INGESTER_COMMANDS,
    words: INGESTER_WORDS,
    run: (input) => runStream(ingesterSide, TO_COMMANDS.ingester, input),
    long: (size) => encodeFrame(1, { ...PLAIN, data: Buffer.alloc(size) }),
  },
];
