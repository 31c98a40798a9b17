/**
 * The headers of a message that a sink publishes. Its data is the data of the entry. The time is RFC 3339 text to the
 * nanosecond, the source an address, and the values are the block of enumerated values (§6) in base64.
 */
export const ENTRY_HEADERS = {
  tag: 'Ringest-Tag',
  time: 'Ringest-Time',
  source: 'Ringest-Source',
  values: 'Ringest-Values',
} as const;
