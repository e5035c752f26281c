/**
 * Numbers for readers. Plain script: the same lines run in Node and, inlined, in the page.
 */

/** Three significant digits and thousands set apart: 0.341, 3.41, 34.1, 341, 3,410. */
export function measured(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 99.95) return Math.round(value).toLocaleString('en-US');
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.9995) return value.toFixed(2);
  return String(Number(value.toPrecision(3)));
}

/** The same, but whole numbers stay whole: for counts, axes and limits. */
export function figure(value) {
  return Number.isInteger(value) && Math.abs(value) < 1000 ? String(value) : measured(value);
}

/** Seconds since the start: `12 s` in short runs, `61:05` (minutes and seconds) in long ones. */
export function clockTime(seconds, totalSeconds) {
  if (totalSeconds <= 180) return `${figure(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** The share of samples below a place on the percentile axis: 1000 is `99.9 %`. */
export function percentileName(place) {
  return `${Number(((1 - 1 / place) * 100).toPrecision(7))} %`;
}
