import type { HttpResponse } from '../../ports.ts';
import { errors } from '../../protocol/errors.ts';
import { errorAnswer } from '../../protocol/http.ts';
import { ImageFailure } from './failure.ts';

/** What a server's refusal means for an image; an answer that is not of the protocol counts as an interruption. */
export function refusalOf({ status, body }: HttpResponse, what: string): ImageFailure {
  const refusal = errorAnswer.safeParse(parsed(body)).data;
  if (refusal === undefined) {
    return new ImageFailure('interrupted', `${what} was answered with status ${status} and no reason: try it again.`);
  }
  const { code, detail, retryAfterMs } = refusal;
  const reason = detail ?? errors[code].meaning;
  return new ImageFailure('refused', `${what} was refused (${code}): ${reason}`, { code, retryAfterMs });
}

// ---

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
