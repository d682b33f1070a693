/** Offsets of IANA zones. */

const DAY = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Offset of a zone at a local wall-clock time, `+08:00`. Where the clock shows a time twice the earlier instant
 * is meant; where it skips one, the offset before the skip.
 * @param local milliseconds of the wall-clock time read as if it were UTC
 */
export function zoneOffset(zone: string, local: number): string {
  return steadyOffset(zone, Math.floor(local / DAY)) ?? exactOffset(zone, local);
}

/** Offset of a zone on a day about which its clock does not change; kept, because asking for it is slow. */
const days = new Map<string, string | null>();
const MOST_DAYS = 10_000;

function steadyOffset(zone: string, day: number): string | null {
  const key = `${zone}/${day}`;
  const known = days.get(key);
  if (known !== undefined) return known;
  const [before, after] = [offsetMinutes(zone, (day - 1) * DAY), offsetMinutes(zone, (day + 2) * DAY)];
  const steady = before === after ? formatOffset(before) : null;
  if (days.size >= MOST_DAYS) days.clear();
  days.set(key, steady);
  return steady;
}

function exactOffset(zone: string, local: number): string {
  const before = offsetMinutes(zone, local - DAY);
  const after = offsetMinutes(zone, local + DAY);
  // The greater offset is the earlier instant.
  const meant = [Math.max(before, after), Math.min(before, after)].find(
    (offset) => offsetMinutes(zone, local - offset * 60_000) === offset,
  );
  return formatOffset(meant ?? before);
}

function offsetMinutes(zone: string, instant: number): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    formats.set(zone, format);
  }
  const name = format.formatToParts(instant).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const match = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(name);
  if (!match?.[1]) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}

function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}
