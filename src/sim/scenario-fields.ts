/** Every field of a scenario, read from its schema, for whoever writes one. */
import { z } from 'zod';
import { scenario } from './scenario.ts';

export interface ScenarioField {
  /** As in `--set`; `[]` stands for a place in a list. */
  readonly path: string;
  /** In words. */
  readonly type: string;
  /** As JSON; null when it has none: then it is required where its object is, unless its meaning says what leaving it out does. */
  readonly default: string | null;
  /** Values of `kind` beside it that have this field; null: all, or there is none. */
  readonly kinds: readonly string[] | null;
  readonly meaning: string;
}

export function scenarioFields(): readonly ScenarioField[] {
  return fieldsIn(z.toJSONSchema(scenario, { io: 'input' }) as Schema, '');
}

// ---

/** The part of JSON Schema that a scenario's has. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** Fields of the object, or of the objects, that stand at `path`. */
function fieldsIn(schema: Schema, path: string): readonly ScenarioField[] {
  if (schema.items) return fieldsIn(schema.items, `${path}[]`);
  if (schema.oneOf) return kindsOf(schema, path);
  if (schema.anyOf) return schema.anyOf.flatMap((choice) => fieldsIn(choice, path));
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const within = fieldsIn(field, at);
    const isSaid = field.description !== undefined && !field.oneOf;
    return isSaid || within.length === 0 ? [fieldAt(at, field), ...within] : within;
  });
}

/** `kind` decides which fields there are; those that are alike in several kinds are told once. */
function kindsOf({ oneOf = [], description = '', default: value }: Schema, path: string): readonly ScenarioField[] {
  const kinds = oneOf.map((choice) => choice.properties!.kind!.const!);
  const chosen = (value as { readonly kind?: string } | undefined)?.kind;
  const kind: ScenarioField = {
    path: `${path}.kind`,
    type: oneOfWords(kinds),
    default: chosen === undefined ? null : JSON.stringify(chosen),
    kinds: null,
    meaning: description,
  };
  const found = new Map<string, { readonly field: ScenarioField; readonly of: string[] }>();
  for (const [index, choice] of oneOf.entries()) {
    for (const field of fieldsIn(choice, path)) {
      if (field.path === kind.path) continue;
      // What a choice begins with when nothing is said.
      const own = kinds[index] === chosen ? valueAt(value, field.path.slice(path.length + 1)) : undefined;
      const shown = own === undefined ? field : { ...field, default: JSON.stringify(own) };
      const same = JSON.stringify(shown);
      found.set(same, { field: shown, of: [...(found.get(same)?.of ?? []), kinds[index]!] });
    }
  }
  const fields = [...found.values()].map(({ field, of }) => ({
    ...field,
    kinds: of.length === kinds.length ? null : of,
  }));
  return [kind, ...fields];
}

function valueAt(value: unknown, name: string): unknown {
  return (value as Readonly<Record<string, unknown>> | undefined)?.[name];
}

function fieldAt(path: string, schema: Schema): ScenarioField {
  const { default: value, description = '' } = schema;
  return {
    path,
    type: typeWords(schema),
    default: value === undefined ? null : JSON.stringify(value),
    kinds: null,
    meaning: description,
  };
}

function typeWords(schema: Schema): string {
  if (schema.enum) return oneOfWords(schema.enum);
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeWords))].join(' or ');
  if (schema.items) return `list of ${plural(schema.items)}`;
  if (schema.properties) return 'object';
  if (typeof schema.additionalProperties === 'object') return 'object: name and value';
  if (schema.type === 'string') return 'text';
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'number' || schema.type === 'integer') return numberWords(schema);
  return schema.type ?? 'anything';
}

function plural(schema: Schema): string {
  return schema.type === 'string' ? 'texts' : 'objects';
}

function oneOfWords(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(', ');
}

function numberWords({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string {
  const name = type === 'integer' ? 'whole number' : 'number';
  const low = minimum === undefined ? '' : ` from ${minimum}`;
  const above = exclusiveMinimum === undefined ? '' : ` above ${exclusiveMinimum}`;
  const high = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum}`;
  const below = exclusiveMaximum === undefined ? '' : ` below ${exclusiveMaximum}`;
  return `${name}${low}${above}${high}${below}`;
}
