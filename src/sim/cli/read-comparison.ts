/** Reads what `nawaab compare` wrote, of this version or an older one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Comparison } from '../../metrics/index.ts';
import { Problem } from '../problem.ts';
import { readJson } from '../read-json.ts';

/** Null when the folder is not that of a comparison. Throws a `Problem` when it cannot be read, or not yet. */
export function readComparison(directory: string): Comparison | null {
  const path = join(directory, 'comparison.json');
  if (!existsSync(path)) return refuseUnfinished(directory);
  const value = readJson(path);
  const version = z.looseObject({ schema: z.number() }).safeParse(value);
  if (version.success && version.data.schema > 1) {
    throw new Problem(
      `${path} was written by a newer version (schema ${version.data.schema}, known up to 1); read it with that version.`,
    );
  }
  const checked = outline.safeParse(value);
  if (checked.success) return value as Comparison;
  const [issue] = checked.error.issues;
  throw new Problem(`${path} is no comparison: ${issue!.path.join('.') || 'all of it'}: ${issue!.message}.`);
}

// ---

/** What every reader of a comparison goes through; the rest is its own business. */
const outline = z.looseObject({
  schema: z.literal(1),
  scenario: z.looseObject({ name: z.string() }),
  blocks: z.array(z.looseObject({})),
  arms: z.array(
    z.looseObject({
      name: z.string(),
      runs: z.array(z.looseObject({ directory: z.string() })),
      distribution: z.looseObject({}),
      servers: z.array(z.looseObject({})),
    }),
  ),
  metrics: z.array(z.looseObject({ metric: z.string(), arms: z.array(z.looseObject({ name: z.string() })) })),
  findings: z.array(z.string()),
  verdict: z.enum(['pass', 'fail', 'unknown']),
  reasons: z.array(z.string()),
});

function refuseUnfinished(directory: string): null {
  if (!existsSync(join(directory, 'plan.json'))) return null;
  throw new Problem(
    `The comparison in ${directory} was not finished: carry on with \`npx nawaab compare --resume ${directory}\`, or name one of the runs in ${join(directory, 'runs')}.`,
  );
}
