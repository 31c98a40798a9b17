/**
 * Parses a record of CSV by the grammar of RFC 4180, section 2.
 * @throws it is none, or not the only one
 */
export function parseCsv(record: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const [field = ''] = /^(?:"(?:[^"]|"")*"|[^",\r\n]*)/.exec(record.slice(at)) ?? [];
    at += field.length;
    fields.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (at === record.length) return fields;
    if (record[at] !== ',') throw new Error(`no CSV after ${at} characters: ${record}`);
    at++;
  }
}
