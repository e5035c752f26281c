/** Disturbs links, and proves by a probe through each that it took effect. */
import type { Clock } from '../../system/index.ts';
import type { FaultReceipt, LinkFault } from '../faults/fault.ts';
import { type LinkBehaviour, partiesOf } from './behaviour.ts';
import type { Links } from './links.ts';
import { describeProbe, type ProbeResult, probe } from './probe.ts';

export async function applyLinkFault(
  { links, clock }: { readonly links: Links; readonly clock: Clock },
  fault: LinkFault,
): Promise<FaultReceipt> {
  const { link } = fault;
  const behaviour = behaviourOf(fault);
  const ask = (withinMs: number) => probe(links.addressOf(link), partiesOf(link).to, withinMs);
  const connections = await links.set(link, behaviour);
  const atMs = clock.now();
  const result = await ask(patienceMs(behaviour));
  const proof = `${link} (${connections} connections) ${said[behaviour.kind]}: ${describeProbe(result)}`;
  return { effective: asWanted(behaviour, result), proof, atMs };
}

// ---

function behaviourOf(fault: LinkFault): LinkBehaviour {
  switch (fault.kind) {
    case 'linkSlow': {
      const { delayMs, jitterMs, bytesPerSec } = fault;
      return { kind: 'slow', delayMs, jitterMs, bytesPerSec };
    }
    case 'linkCut':
      return { kind: 'cut' };
    case 'linkHalfOpen':
      return { kind: 'halfOpen' };
    case 'linkReset':
      return { kind: 'reset' };
    case 'linkOpen':
      return { kind: 'open' };
  }
}

const said: Readonly<Record<LinkBehaviour['kind'], string>> = {
  open: 'is open',
  slow: 'is slow',
  cut: 'is cut',
  halfOpen: 'has no far end',
  reset: 'is reset',
};

/** A busy machine may take its time; silence is believed sooner, because it holds up the run. */
function patienceMs(behaviour: LinkBehaviour): number {
  if (behaviour.kind === 'slow') return answerMs + leastMs(behaviour) + 2 * behaviour.jitterMs;
  return behaviour.kind === 'cut' || behaviour.kind === 'halfOpen' ? silenceMs : answerMs;
}

const answerMs = 5000;
const silenceMs = 400;

/** What a question and its answer take at least: the delay each way, and one byte at a time through the narrow place. */
function leastMs({ delayMs, bytesPerSec }: Extract<LinkBehaviour, { kind: 'slow' }>): number {
  return 2 * delayMs + (bytesPerSec === null ? 0 : (questionBytesMin * 1000) / bytesPerSec);
}

/** The shorter of the two questions of `probe.ts`, with the shortest answer. */
const questionBytesMin = 9;

function asWanted(behaviour: LinkBehaviour, result: ProbeResult): boolean {
  switch (behaviour.kind) {
    case 'open':
      return result.kind === 'answered';
    case 'slow':
      return result.kind === 'answered' && result.tookMs >= leastMs(behaviour);
    case 'cut':
    case 'halfOpen':
      return result.kind === 'silent';
    case 'reset':
      return result.kind === 'broken';
  }
}
