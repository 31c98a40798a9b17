// An indexer that was written after docs/protocol.md alone, and imports nothing of ringest: what ringest
// writes is read here by other code than its own. It reads one field after the other, takes its time, and
// prints what has come as JSON when it gets SIGTERM.
//
// Arguments: its challenge in hexadecimal digits; without it, a random one.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

const SECRET = 'IngestSecrets';
const VERSION = 9;

const [, , challengeText] = process.argv;
const challenge =
  challengeText === undefined
    ? Buffer.concat([u16(10_000), randomBytes(32), u16(VERSION)])
    : Buffer.from(challengeText, 'hex');

const hash = (name, bytes) => createHash(name).update(bytes).digest();

function u16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function must(holds, problem) {
  if (!holds) throw new Error(problem);
}

/** §3: `h = SHA256(MD5(h))`, so many times. */
function iterate(first, times) {
  let bytes = first;
  for (let i = 0; i < times; i++) bytes = hash('sha256', hash('md5', bytes));
  return bytes;
}

/** §3: what an ingester must answer to the challenge. */
function rightAnswer() {
  const secret = iterate(hash('sha512', Buffer.from(SECRET)), 16).subarray(0, 16);
  const random = challenge.subarray(2, 34);
  const first = hash('sha512', Buffer.concat([random, secret]));
  return iterate(first, challenge.readUInt16LE(0)).subarray(0, 32);
}

// What has come. The digest is the one that docs/indexer.md describes.
const sums = [0n, 0n, 0n, 0n];
const counts = {};
let entries = 0;
let bytes = 0;

function count(parts, tagName, dataBytes) {
  const digest = hash('sha256', Buffer.concat(parts));
  for (let i = 0; i < 4; i++) {
    sums[i] = BigInt.asUintN(64, sums[i] + digest.readBigUInt64BE(i * 8));
  }
  entries++;
  bytes += dataBytes;
  counts[tagName] = (counts[tagName] ?? 0) + 1;
}

/** One connection. Each method that reads waits until all of its bytes have come. */
class Connection {
  #socket;
  #come = Buffer.alloc(0);
  #isOver = false;
  #answers = [];
  /** Names by number. */
  #tags = new Map([[0xffff, 'gravwell']]);

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#come = Buffer.concat([this.#come, chunk]);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isOver = true;
      socket.emit('data', Buffer.alloc(0));
    });
  }

  /** The next bytes; `undefined`: the connection has ended. */
  async #take(length) {
    while (this.#come.length < length && !this.#isOver) {
      this.#flush();
      await once(this.#socket, 'data');
    }
    if (this.#come.length < length) return undefined;
    const taken = this.#come.subarray(0, length);
    this.#come = this.#come.subarray(length);
    return taken;
  }

  async #must(length) {
    const taken = await this.#take(length);
    must(taken !== undefined, 'the connection ended in the middle of a message');
    return taken;
  }

  async #number() {
    return (await this.#must(4)).readUInt32LE();
  }

  async #text() {
    return `${await this.#must(await this.#number())}`;
  }

  #answer(...parts) {
    this.#answers.push(...parts);
  }

  #flush() {
    if (this.#answers.length > 0) this.#socket.write(Buffer.concat(this.#answers));
    this.#answers = [];
  }

  #addTag(name) {
    const known = [...this.#tags].find(([, other]) => other === name);
    // Those of the recorded sessions: 7, 10, 13.
    const number = known?.[0] ?? 4 + this.#tags.size * 3;
    this.#tags.set(number, name);
    return number;
  }

  async #state() {
    return JSON.parse(`${await this.#must((await this.#must(2)).readUInt16LE())}`);
  }

  /** §2: up to HOT. */
  async authenticate() {
    this.#answer(challenge);
    must((await this.#must(32)).equals(rightAnswer()), 'the secret is another one');
    const state = JSON.stringify({ ID: 0xbeef42, Info: '' });
    this.#answer(u16(state.length), Buffer.from(state));
    const { Count: asked, Tags: names } = JSON.parse(await this.#text());
    must(names.length === asked, 'the number of tags is another one');
    const numbers = names.map((name) => [name, this.#addTag(name)]);
    const response = JSON.stringify({ Count: asked, Tags: Object.fromEntries(numbers) });
    this.#answer(u32(Buffer.byteLength(response)), Buffer.from(response));
    must((await this.#state()).ID === 0xcafe54, 'the ingester is not hot');
  }

  /** §4: commands, to the end of the connection. */
  async listen() {
    for (let word = await this.#take(4); word !== undefined; word = await this.#take(4)) {
      const command = COMMANDS.get(word.readUInt32LE());
      must(command !== undefined, `an unknown command: ${word.toString('hex')}`);
      await command.call(this);
    }
  }

  async identify() {
    for (let i = 0; i < 3; i++) await this.#text();
    this.#answer(u32(0x22793401));
  }

  async version() {
    await this.#must(2);
    this.#answer(u32(0x22334401));
  }

  async ingest() {
    this.#answer(u32(0x33445501), u64(1));
    // The stream configuration has no command word.
    must((await this.#number()) === 1, 'the stream configuration is no byte');
    await this.#must(1);
    this.#answer(u32(1), Buffer.alloc(1));
  }

  async tag() {
    this.#answer(u32(0x18675301), u64(this.#addTag(await this.#text())));
  }

  async ingesterState() {
    JSON.parse(await this.#text());
    this.#answer(u32(0x44556601));
  }

  pong() {
    this.#answer(u32(0x88770008));
  }

  /** §5. */
  async entry() {
    const header = await this.#must(34);
    const id = await this.#must(8);
    const lengthAndFlags = header.readUInt32LE(0);
    const isIPv4 = lengthAndFlags >>> 31 === 1;
    const hasValues = ((lengthAndFlags >>> 30) & 1) === 1;
    const data = await this.#must(lengthAndFlags & 0x3fffffff);
    const values = hasValues ? await this.#values() : [];
    const time = header.subarray(4, 16);
    const tag = this.#tags.get(header.readUInt16LE(16));
    must(tag !== undefined, `an unknown tag: ${header.readUInt16LE(16)}`);
    const source = header.subarray(18, isIPv4 ? 22 : 34);
    count([time, source, data, ...values], tag, data.length);
    this.#answer(u32(0xf6e0307e), id);
  }

  /** §6: name, type and bytes of each value. */
  async #values() {
    const head = await this.#must(8);
    const block = await this.#must(head.readUInt32LE(0) - 8);
    const parts = [];
    let at = 0;
    for (let left = head.readUInt16LE(4); left > 0; left--) {
      const name = at + 8;
      const value = name + block.readUInt16LE(at + 2);
      const end = value + block.readUInt16LE(at + 4);
      must(end - at === block.readUInt16LE(at), 'the length of a value is another one');
      parts.push(block.subarray(name, value), block.subarray(at + 6, at + 7));
      parts.push(block.subarray(value, end));
      at = end;
    }
    must(at === block.length, 'the values do not fill their block');
    return parts;
  }
}

const COMMANDS = new Map([
  [0xc7c95acb, Connection.prototype.entry],
  // Confirmations are sent whenever this waits for more.
  [0x1adf7350, () => {}],
  [0x88770001, Connection.prototype.pong],
  [0x18675300, Connection.prototype.tag],
  [0x22793400, Connection.prototype.identify],
  [0x22334400, Connection.prototype.version],
  [0x33445500, Connection.prototype.ingest],
  [0x44556600, Connection.prototype.ingesterState],
]);

const server = createServer(async (socket) => {
  const connection = new Connection(socket);
  try {
    await connection.authenticate();
    await connection.listen();
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
});
server.listen(0, '127.0.0.1', () => {
  console.error(`listening on 127.0.0.1:${server.address().port}`);
});
process.on('SIGTERM', () => {
  const digest = sums.map((sum) => sum.toString(16).padStart(16, '0')).join('');
  console.log(JSON.stringify({ entries, bytes, digest, tags: counts }));
  process.exit(0);
});
