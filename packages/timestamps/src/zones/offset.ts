const OFFSET = /^(?:UTC|GMT|Z)?(?:([+-])(\d{1,2}):?(\d\d)?)?$/i;

/**
 * Reads an offset from UTC, such as `+05:30`, `-0700`, `+1`, `UTC` or `Z`.
 * @returns seconds, positive in the east; `undefined` when the text is no offset
 */
export function parseOffset(text: string): number | undefined {
  const parts = text === '' ? null : OFFSET.exec(text);
  if (parts === null) return undefined;
  const [, sign, hours = '0', minutes = '0'] = parts;
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const seconds = Number(hours) * 3600 + Number(minutes) * 60;
  return sign === '-' ? -seconds : seconds;
}
