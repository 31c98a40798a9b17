/** What to do about each error, by its code, in Markdown. */
export const ERROR_ADVICE: Readonly<Record<string, string>> = {
  // @ringest/core
  ERR_CONFIGURATION:
    'Set the option as the message says. [Configuration](configuration.md) has the bounds of each.',
  ERR_CONFIG_FILE:
    'Correct the file, or the environment variable, at the place that the message names.',
  ERR_INVALID_TARGET:
    'Write the address as `tcp://host:port`, `tls://host:port` or `pipe:///path`.',
  ERR_INVALID_SECRET:
    'Give a text that is not empty, a file that this user may read, or a variable that is set.',
  ERR_INVALID_TLS: 'Give PEM files that this user may read, and a key that fits the certificate.',
  ERR_NOT_RUNNING: 'Call `start()` before, and write nothing after `close()`.',
  ERR_NOT_HOT: 'Await `waitForHot()` before this call.',
  ERR_ALL_TARGETS_FAILED:
    'Read `cause`: the indexers are too old for the tenant or for `minVersion`, or the like. Correct that, and start another muxer. With a disk cache, what was not confirmed is sent then.',
  ERR_TARGET_CHANGE: 'Give an address that the muxer has, or does not have yet; keep one target.',
  ERR_WAIT_TIMEOUT:
    'Nothing is lost: wait again, or with a longer `timeout`. `cause` says which connection fails.',
  ERR_INVALID_TIMEOUT: 'Give milliseconds, 1 or more, or leave the timeout out.',
  ERR_INVALID_ARGUMENT: 'Give what the message asks for.',
  ERR_WRITE_ABANDONED:
    'Write the last `refused` entries again; the first `accepted` ones will be delivered. With `refused: 0`, some may be stored twice if they are written again.',
  ERR_BACKLOG_FULL:
    'Await the promises that writes return. If bursts are expected, raise `backlogBytes`.',
  ERR_BATCH: 'Correct or leave out the entry at `index`, and write the batch again.',
  ERR_LINE_REFUSED:
    'Give `onRefused` to handle such lines, raise `maxLineBytes`, or set `longLines` to `split`. The lines around it are written.',
  ERR_NESTED_WRITE: 'Collect what is to be written, and write it after the call that is under way.',
  ERR_UNKNOWN_TAG: 'Add the name to the option `tags`, or call `negotiateTag(name)`.',
  ERR_TAG_REFUSED:
    'Allow the tag on an indexer: what waits is then sent. Or write with another tag.',
  ERR_TOO_MANY_TAGS:
    'Use fewer tags: an enumerated value carries what differs from entry to entry.',
  ERR_INVALID_STATE: 'Give plain objects, arrays, texts and numbers, without cycles.',
  ERR_DITTO:
    'If `mayBeStored` is `false`, write the block again. If it is `true`, writing it again may store it twice.',
  ERR_ENTRIES_LOST:
    'Dropped: raise `cache.maxBytes`, or set `cache.whenFull` to `wait`. Damaged: look in the folder `quarantine` of the cache, and check the disk.',
  // @ringest/codec
  ERR_INVALID_ENTRY: 'Correct the field that the message names.',
  ERR_INVALID_TIMESTAMP:
    'Give a `Date`, milliseconds, RFC 3339 text or a `Timestamp`, within the years of the protocol.',
  ERR_INVALID_SOURCE: 'Give an IPv4 or IPv6 address as text or bytes, or leave the source out.',
  ERR_INVALID_TAG: 'Choose another name, or let `remapTag(name)` replace what is forbidden.',
  ERR_INVALID_ENUMERATED_VALUE:
    'Give a name of 1 to 1024 bytes, and a value of at most 64503 bytes that fits its type.',
  ERR_OVERSIZED_ENUMERATED_BLOCK: 'Give fewer values: at most 65535, in 32 MiB.',
  ERR_OVERSIZED_ENTRY: 'Split the data into several entries, or raise `maxEntrySize`.',
  ERR_OVERSIZED_MESSAGE: 'Send less in one message, such as fewer tags.',
  ERR_INVALID_TENANT: 'Give a name of at most 512 bytes.',
  ERR_INVALID_CHALLENGE: 'Correct the field that the message names.',
  ERR_NATIVE_LIBRARY:
    'Install the libraries for this platform, start Node.js without `--no-addons`, or leave out `compression`.',
  ERR_DECODE:
    'Look at what is at the other end: it does not speak the protocol, or something between changes bytes. A muxer connects again by itself.',
  ERR_LIMIT:
    'Look at what is at the other end: it does not speak the protocol. A muxer connects again by itself.',
  ERR_UNKNOWN_COMMAND:
    'Look at what is at the other end: it does not speak the protocol, or a newer version of it. A muxer connects again by itself.',
  ERR_CHECKSUM:
    'Look for what changes bytes on the way. A muxer connects again by itself, and sends what was not confirmed.',
  // @ringest/workers
  ERR_CONNECTION:
    'By `reason`: `dial`, `timeout`, `lost`: check the address and the network, and the store of an indexer that confirms nothing, as the message says. `authentication`: give the secret of the indexer. `certificate`: give the authority as `tls.ca`. `tags`, `version`, `protocol`: read the message. `worker`: read `cause`. The muxer tries again by itself.',
  ERR_SYSTEM_LIMIT: 'Raise the limit, or use fewer lanes or workers, as the message says.',
  ERR_RING_SIZE: 'Give a power of two.',
  ERR_RING_CORRUPT:
    'Close the muxer and start another. Look for a native module that writes where it should not.',
  // @ringest/cache
  ERR_CACHE_OPEN: 'Do what the message says for its `trouble`, and start another muxer.',
  ERR_CACHE_LOCKED: 'Give each muxer a folder of its own, or close the muxer that has this one.',
  ERR_CACHE_WRITE:
    'Do what the message says for its `trouble`, such as freeing space. The cache tries again by itself.',
  ERR_CACHE_READ:
    'Do what the message says for its `trouble`. The entries stay on disk, and are tried again by themselves.',
  ERR_CACHE_SYNC:
    'Check the disk. A muxer appends again by itself what the disk may not have kept.',
  ERR_CACHE_THREAD: 'Check the free memory, and the files in the folder of the cache.',
  ERR_CACHE_CLOSED: 'Open the cache again.',
  ERR_INVALID_BLOCK: 'Append at least one entry, and less than 4 GiB at a time.',
  ERR_SEGMENT_IN_USE: 'Wait until it is sealed, or until the other reader has ended.',
  ERR_UNKNOWN_SEGMENT: 'Ask only for segments that the cache has reported and not removed.',
  // @ringest/timestamps
  ERR_INVALID_TIME_ZONE: 'Give an IANA name, an offset such as `+05:30`, or `local`.',
  ERR_UNKNOWN_TIME_FORMAT: 'Use a name of [the list](times.md), or define a format of your own.',
  ERR_INVALID_TIME_FORMAT: 'Correct the name, the layout or the regular expression of the format.',
  ERR_TIME_RANGE: 'Give a number that is at least 0.',
  // @ringest/indexer
  ERR_INVALID_OPTION: 'Set the option as the message says.',
  ERR_INVALID_ADDRESS: 'Write the address as `host:port`, `tls://host:port` or `pipe:///path`.',
  ERR_LISTEN: 'Use a port that is free and that this user may use; port 0 takes a free one.',
  ERR_SECRET: 'Give the secret as the message says.',
  ERR_AUTHENTICATION: 'Configure the same secret on both sides.',
  ERR_TENANT_REFUSED: 'Allow the tenant, or give the ingester one that is allowed.',
  ERR_TLS_HANDSHAKE: 'Give both sides certificates that the other one trusts.',
  ERR_CROWDED_OUT:
    'Raise `maxUnauthenticated`, or find out who opens connections and says nothing.',
  ERR_INGESTER_TIMEOUT: 'Nothing, if the ingester is gone. It connects again by itself otherwise.',
  ERR_CONNECTION_LOST: 'Nothing: the ingester sends again what was not confirmed.',
  ERR_TAG_NOT_GRANTED: 'Allow the tag, or let the ingester use another one.',
  ERR_TAG_NOT_NEGOTIATED: 'Correct the ingester: it has to ask for a tag before it uses it.',
  ERR_PLANNED_FAILURE: 'Nothing: the option `failAfter` asks for it.',
  ERR_DITTO_REFUSED: 'Throw it from a handler; read `problem` in the log of the indexer.',
  ERR_STORE_LOCKED: 'Give each indexer a folder of its own, or end the one that has this one.',
  ERR_STORE_OPEN: 'Give a folder that this user may read and write.',
  ERR_STORE_WRITE: 'Free space on the disk, or let the store keep less.',
  // @ringest/queues
  ERR_NO_TAG:
    'Add a rule with a pattern for the subject or topic, such as `>`, to the option `tag`.',
  ERR_UNREADABLE_MESSAGE:
    'Correct what publishes it: `cause` says what cannot be read, such as the name of a header.',
  // @ringest/relay
  ERR_RELAY_OPTION: 'Correct the option that `option` names.',
  ERR_RELAY_RELOAD:
    'Reload again, with more time, once the old targets confirm or are gone. Until then they stay beside the new ones.',
  // @ringest/nats
  ERR_JETSTREAM_CONSUMER:
    'Make a durable pull consumer with explicit acknowledgements, without `headers_only` and priority groups.',
  ERR_JETSTREAM_PUBLISH:
    'Let a stream store the subject. Publish again what was written since the last `flush()`.',
  // @ringest/kafka
  ERR_KAFKA_POISON:
    'Add a rule for the topic to the option `tag`, or use `poison: "skip"`, which counts such messages and goes on.',
  ERR_KAFKA_SEND:
    'Make the topic, and let the client write to it. Publish again what was written since the last `flush()`.',
};
