/** Times as people read them, in the time zone and language of this machine. */
export function clockTime(at: number): string {
  return clock.format(at);
}

export function dayOf(at: number): string {
  return day.format(at);
}

export function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** Today the time, before that the date. */
export function shortTime(at: number, now: number): string {
  return isSameDay(at, now) ? clockTime(at) : date.format(at);
}

/** `2026-11-22 21:04:05`, for programs and logs; in the time zone of this machine. */
export function stamp(at: number): string {
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace('T', ' ');
}

// ---

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
