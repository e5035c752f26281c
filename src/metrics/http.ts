/** Requests over HTTP, and what became of them. */
import type { HttpLine, HttpSummary } from './run.ts';
import { inWindow, type Window, windowSeconds } from './window.ts';

/** Of those due in the window; null when there were none in the whole run. */
export function summariseHttp(lines: readonly HttpLine[], window: Window): HttpSummary | null {
  if (lines.length === 0) return null;
  const own = lines.filter((line) => inWindow(window, line.second));
  const answers: Record<string, number> = {};
  for (const line of own) {
    for (const [status, count] of Object.entries(line.answers)) answers[status] = (answers[status] ?? 0) + count;
  }
  const due = own.reduce((sum, line) => sum + line.due, 0);
  const seconds = windowSeconds(window);
  return {
    due,
    answers,
    unanswered: due - answersOf(answers, ''),
    retryAfter: own.reduce((sum, line) => sum + line.retryAfter, 0),
    okPerSec: seconds === 0 ? 0 : answersOf(answers, '2') / seconds,
  };
}

/** How many have a status that begins with these digits; all for none. */
export function answersOf(answers: HttpSummary['answers'], digits: string): number {
  return Object.entries(answers).reduce((sum, [status, count]) => sum + (status.startsWith(digits) ? count : 0), 0);
}
