/** Draws flows of operations that are possible where they stand, and shrinks them by deleting what is not needed. */
import { Arbitrary, type Random, Stream, Value } from 'fast-check';
import { afterOperation, feasible, type Model, possibleOperations, startModel } from './model.ts';
import { type Flow, flowLimits, flow as flowSchema, type Operation } from './operation.ts';
import { simplerOperations } from './simplify.ts';

/** Longest flow, in operations; 80 unless told otherwise. */
export function flows(options: { readonly maxOperations?: number } = {}): Arbitrary<Flow> {
  return new FlowArbitrary(Math.min(options.maxOperations ?? 80, flowLimits.operationsMax));
}

// ---

/** How often each operation is drawn when it is possible. All that are possible of one kind share its weight. */
const weights: { readonly [kind in Operation['do']]: number } = {
  signUp: 4,
  connect: 10,
  direct: 5,
  group: 3,
  invite: 8,
  remove: 2,
  leave: 1,
  send: 20,
  goOffline: 1,
  drop: 1,
  comeBack: 4,
  killServer: 1,
  startServer: 4,
  pauseServer: 0.4,
  resumeServer: 3,
  cutLink: 0.3,
  slowLink: 0.1,
  halveLink: 0.2,
  resetLink: 0.2,
  healLink: 4,
  wait: 6,
};

/** From within one step of a commit to beyond every timer of a small world, in milliseconds. */
const waits: readonly number[] = [0.2, 0.5, 0.5, 1, 1, 2, 5, 5, 20, 20, 100, 100, 1000];
const sizes: readonly number[] = [8, 8, 8, 200, 2000];

/** Below this nobody could have sent anything to anybody. */
const shortest = 8;

/** Worlds in which every deletion is tried before a flow is called minimal. */
const plainWorlds = 5;

/**
 * Deleting starts with half of the operations and goes on with smaller chunks; after a deletion that still fails, it
 * goes on where it was. Single operations are tried until none of them can be missed.
 */
interface Deleting {
  readonly size: number;
  /** Chunks before this one are still to be tried. */
  readonly from: number;
  /** Something of this size was deleted since the last full pass: what was needed before may be needless now. */
  readonly again: boolean;
}

/** A class because fast-check asks for one: its arbitraries are extended by inheritance. */
class FlowArbitrary extends Arbitrary<Flow> {
  readonly #maxOperations: number;

  constructor(maxOperations: number) {
    super();
    this.#maxOperations = maxOperations;
  }

  override generate(random: Random, biasFactor: number | undefined): Value<Flow> {
    const biased = biasFactor !== undefined && random.nextInt(1, biasFactor) === 1;
    const longest = biased ? Math.min(15, this.#maxOperations) : this.#maxOperations;
    const length = random.nextInt(Math.min(shortest, longest), longest);
    const world = random.nextInt(0, 0x7fffffff);
    const servers = random.nextInt(1, flowLimits.servers);
    return new Value({ world, servers, operations: draw(random, { servers, length }) }, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Flow {
    return flowSchema.safeParse(value).success;
  }

  override shrink(value: Flow, context: unknown): Stream<Value<Flow>> {
    return new Stream(candidates(feasible(value), deletingOf(context) ?? startDeleting(value)));
  }
}

function draw(random: Random, { servers, length }: { servers: number; length: number }): Operation[] {
  let model = startModel(servers);
  return Array.from({ length }, () => {
    const drawn = drawOperation(random, model);
    model = afterOperation(model, drawn);
    return drawn;
  });
}

function drawOperation(random: Random, model: Model): Operation {
  const bytes = pick(random, sizes);
  const wait: Operation = { do: 'wait', ms: pick(random, waits) };
  const byKind = Map.groupBy([...possibleOperations(model, bytes), wait], (one) => one.do);
  const kinds = [...byKind.keys()];
  const total = kinds.reduce((sum, kind) => sum + weights[kind], 0);
  let point = (random.nextInt(0, 0x3fffffff) / 0x40000000) * total;
  for (const kind of kinds) {
    point -= weights[kind];
    if (point < 0) return pick(random, byKind.get(kind)!);
  }
  return wait;
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.nextInt(0, choices.length - 1)]!;
}

function startDeleting(value: Flow): Deleting {
  return { size: Math.ceil(value.operations.length / 2), from: value.operations.length, again: false };
}

function deletingOf(context: unknown): Deleting | null {
  return context === undefined ? null : (context as Deleting);
}

/** Chunks from the end, large ones first; then simpler arguments. Each carries where to go on if it still fails. */
function* candidates(value: Flow, start: Deleting): IterableIterator<Value<Flow>> {
  const length = value.operations.length;
  yield* deletions(value, start);
  for (let { size } = start; size > 1; ) {
    size = Math.ceil(size / 2);
    yield* deletions(value, { size, from: length, again: false });
  }
  if (start.size === 1 && start.again) yield* deletions(value, { size: 1, from: length, again: false });
  // A simpler argument may make more of the others needless.
  for (const simpler of simplerFlows(value)) yield new Value(simpler, { size: 1, from: length, again: false });
  // What took a detour in one world may be plain in another.
  for (let world = 0; world < plainWorlds; world++) {
    const elsewhere = { ...value, world };
    if (world < value.world) yield new Value(elsewhere, { size: 1, from: length, again: false });
    yield* deletions(elsewhere, { size: 1, from: length, again: false });
  }
}

function* deletions(value: Flow, { size, from }: Deleting): IterableIterator<Value<Flow>> {
  const { operations } = value;
  for (let end = Math.min(from, operations.length); end > 0; end -= size) {
    const begin = Math.max(0, end - size);
    const rest = feasible({ ...value, operations: [...operations.slice(0, begin), ...operations.slice(end)] });
    yield new Value(rest, { size, from: begin, again: true } satisfies Deleting);
  }
}

function* simplerFlows(value: Flow): IterableIterator<Flow> {
  for (let servers = 1; servers < value.servers; servers++) {
    const smaller = feasible({ ...value, servers });
    if (smaller.operations.length === value.operations.length) yield smaller;
  }
  for (const operations of simplerOperations(value.operations)) {
    const simpler = feasible({ ...value, operations });
    if (simpler.operations.length === operations.length) yield simpler;
  }
}
