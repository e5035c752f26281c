/** A failing flow on disk: all that is needed to see it again, by people and by `nawaab replay`. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { flow } from './operation.ts';

const bundleSchema = z.object({
  schema: z.literal(1),
  kind: z.literal('flow'),
  flow,
  /** Of the search that found it, and the place of the flow in it. */
  seed: z.int(),
  path: z.string(),
  maxOperations: z.int(),
  backend: z.string(),
  findings: z.array(z.object({ check: z.string(), what: z.string() })),
  /** The flow in words, for people. */
  operations: z.array(z.string()),
  versions: z.record(z.string(), z.string()),
});
export type Bundle = z.infer<typeof bundleSchema>;

export async function writeBundle(path: string, bundle: Bundle): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(bundle, null, 2)}\n`);
}

/** Throws a `Problem` when the file is not there or not a bundle. */
export async function readBundle(path: string): Promise<Bundle> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Problem(`The bundle ${path} cannot be read (${error.code}); name the file that a failed search wrote.`);
  });
  const parsed = bundleSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const why = z.prettifyError(parsed.error).replaceAll('\n', ' ');
  throw new Problem(`${path} is not a bundle of a flow: ${why}`);
}

// ---

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
