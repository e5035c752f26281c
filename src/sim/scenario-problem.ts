/** Which fields a scenario has, read from its schema, for whoever wrote one that it has not. */
import { z } from 'zod';
import { Problem, unknownName } from './problem.ts';
import { scenario } from './scenario.ts';

/** One sentence about what is wrong with `value` as a scenario; a wrong field is answered with the right ones. */
export function scenarioProblem(error: z.ZodError, value: unknown, source: string): Problem {
  const unknown = error.issues.find((issue) => issue.code === 'unrecognized_keys');
  const [wrong] = unknown?.keys ?? [];
  if (unknown !== undefined && wrong !== undefined) {
    const place = unknown.path.length === 0 ? 'field of a scenario' : `field of ${unknown.path.join('.')}`;
    return unknownName(place, wrong, fieldsAt(unknown.path, value));
  }
  return new Problem(`Scenario ${source} is not valid: ${z.prettifyError(error).replaceAll('\n', ' ')}`);
}

// ---

/** Field names of the object at `path`; which kind of object it is may depend on its own fields. */
function fieldsAt(path: readonly PropertyKey[], value: unknown): readonly string[] {
  let schema = concrete(scenario, value);
  let here = value;
  for (const key of path) {
    here = (here as Readonly<Record<PropertyKey, unknown>>)[key];
    if (schema instanceof z.ZodArray) schema = concrete(schema.element, here);
    else if (schema instanceof z.ZodObject) schema = concrete(schema.shape[String(key)], here);
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** What stands behind a default, an optional field, or a choice by `kind`. */
function concrete(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return concrete(schema.unwrap(), value);
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const kind = (value as { readonly kind?: unknown } | null)?.kind;
  return schema.options.find(
    (option) => option instanceof z.ZodObject && (option.shape.kind as z.ZodType).safeParse(kind).success,
  );
}
