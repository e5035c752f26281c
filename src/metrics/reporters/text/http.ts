/** Requests over HTTP as rows: what, how many, how many a second, what it means. */
import { answersOf } from '../../http.ts';
import type { HttpSummary } from '../../run.ts';
import { count, perSecond } from './format.ts';

export type HttpRow = readonly [what: string, count: string, rate: string, meaning: string];

/** Refusals and failures have rows only where there were some. */
export function httpRows({ due, answers, unanswered, retryAfter, okPerSec }: HttpSummary): HttpRow[] {
  const ok = answersOf(answers, '2');
  const others = Object.keys(answers).filter((status) => !status.startsWith('2'));
  return [
    ['due', count(due), '', 'meant to be sent'],
    ['granted', count(ok), perSecond(okPerSec), 'answered with 2xx'],
    ...others.map((status): HttpRow => [`refused ${status}`, count(answers[status]!), '', meanings[status] ?? '']),
    ...(others.length === 0
      ? []
      : [['with Retry-After', count(retryAfter), '', 'refusals that said when to come again'] as const]),
    ['unanswered', count(unanswered), '', 'to the end of the run'],
  ];
}

/** The same in one sentence. */
export function httpWords(http: HttpSummary): string {
  const [due, granted, ...rest] = httpRows(http);
  const told = rest.map(([what, howMany]) => `${howMany} ${what}`);
  return [`${due![1]} sign-ins due`, `${granted![1]} granted (${granted![2]})`, ...told].join(', ');
}

// ---

const meanings: Readonly<Record<string, string>> = {
  '401': 'name and password do not fit together',
  '429': 'a rate limit was reached',
  '503': 'a queue of the server was full, or it was draining',
};
