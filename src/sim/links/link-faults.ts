/** Disturbs links, and proves by a probe through each that it took effect. */
import type { Clock } from '../../system/index.ts';
import type { FaultReceipt, LinkFault } from '../faults/fault.ts';
import type { LinkBehaviour, LinkName } from './behaviour.ts';
import type { Links } from './links.ts';
import { describeProbes, type ProbeResult } from './probe.ts';
import { describeSpread, questions, spreadMsMin, spreadOf } from './unevenness.ts';

export interface LinkWorld {
  readonly links: Pick<Links, 'set' | 'ask'>;
  readonly clock: Clock;
}

export async function applyLinkFault(world: LinkWorld, fault: LinkFault): Promise<FaultReceipt> {
  const { link } = fault;
  const behaviour = behaviourOf(fault);
  const uneven = behaviour.kind === 'slow' && behaviour.jitterMs > 0;
  const before = uneven ? await ask(world, link, { count: questions, withinMs: silenceMs }) : [];
  const connections = await world.links.set(link, behaviour);
  const atMs = world.clock.now();
  const results = await ask(world, link, { count: uneven ? questions : 1, withinMs: patienceMs(behaviour) });
  const seen = [describeProbes(results)];
  let effective = results.every((result) => asWanted(behaviour, result));
  if (uneven) {
    const { jitterMs } = behaviour;
    const spreadMs = spreadOf(results);
    effective &&= spreadMs !== null && spreadMs >= spreadMsMin(jitterMs);
    seen.push(describeSpread({ jitterMs, beforeMs: spreadOf(before), spreadMs }));
  }
  const proof = `${link} (${connections} connections) ${said[behaviour.kind]}: ${seen.join(', ')}`;
  return { effective, proof, atMs };
}

// ---

/** The questions follow each other closely, none waiting for an answer: neither does one hold up the next. */
function ask(
  { links, clock }: LinkWorld,
  link: LinkName,
  { count, withinMs }: { readonly count: number; readonly withinMs: number },
): Promise<readonly ProbeResult[]> {
  const one = async (_: unknown, index: number): Promise<ProbeResult> => {
    await new Promise<void>((resolve) => clock.after(index * apartMs, resolve));
    return links.ask(link, withinMs);
  };
  return Promise.all(Array.from({ length: count }, one));
}

const apartMs = 5;

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
