/** Study dates as DICOM writes them, `YYYYMMDD`. */

export function addDays(day: string, days: number): string {
  const at = Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6, 8)) + days);
  return new Date(at).toISOString().slice(0, 10).replaceAll('-', '');
}

/** Today in an IANA zone. */
export function today(timezone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: timezone }).format(new Date()).replaceAll('-', '');
}

/** The whole year or month that begins on this day and ends by `last`, widest first: an empty one is stepped over. */
export function periodsFrom(day: string, last: string): { readonly range: string; readonly next: string }[] {
  const year = Number(day.slice(0, 4));
  const month = Number(day.slice(4, 6));
  const starts = [
    ...(day.endsWith('0101') ? [`${year + 1}0101`] : []),
    ...(day.endsWith('01')
      ? [month === 12 ? `${year + 1}0101` : `${year}${String(month + 1).padStart(2, '0')}01`]
      : []),
  ];
  return starts.filter((next) => next <= last).map((next) => ({ range: `${day}-${addDays(next, -1)}`, next }));
}
