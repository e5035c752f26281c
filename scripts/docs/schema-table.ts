/** Renders zod schemas as Markdown tables for the protocol page. */
import { z } from 'zod';

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

/** One section per frame of a discriminated union: heading, meaning, table of fields. */
export function framesOf(union: z.ZodType): string {
  const schema = toJson(union);
  return (schema.oneOf ?? schema.anyOf ?? []).map(frameSection).join('\n\n');
}

/** The fields of one object schema as a table; a sentence when it has none. */
export function fieldsOf(type: z.ZodType): string {
  return fieldTable(toJson(type), []);
}

// ---

function toJson(type: z.ZodType): JsonSchema {
  return z.toJSONSchema(type, { io: 'input' }) as JsonSchema;
}

function frameSection(frame: JsonSchema): string {
  const name = String(frame.properties?.type?.const);
  return `#### \`${name}\`\n\n${frame.description ?? ''}\n\n${fieldTable(frame, ['type'])}`;
}

function fieldTable(schema: JsonSchema, without: readonly string[]): string {
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => !without.includes(name));
  if (fields.length === 0) return without.length > 0 ? 'No fields but `type`.' : 'Nothing.';
  const rows = fields.map(([name, field]) => {
    const needed = schema.required?.includes(name) ? 'yes' : 'no';
    return `| \`${name}\` | ${typeOf(field)} | ${needed} | ${field.description ?? ''} |`;
  });
  return ['| field | type | required | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum)
    return schema.enum.length > 6
      ? 'an error code'
      : schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeOf).join(', ')}]`;
  if (schema.type === 'array')
    return `array of ${schema.items ? typeOf(schema.items) : 'anything'}${range('', schema.maxItems, ' items')}`;
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object') {
    return `object: name → ${typeOf(schema.additionalProperties)}`;
  }
  if (schema.type === 'string') {
    return `string${range(schema.minLength, schema.maxLength, ' characters')}${schema.pattern ? ` \`${schema.pattern.replaceAll('|', '\\|')}\`` : ''}`;
  }
  if (schema.type === 'integer') {
    const top = schema.maximum === Number.MAX_SAFE_INTEGER ? undefined : schema.maximum;
    const bottom = schema.minimum === Number.MIN_SAFE_INTEGER ? undefined : schema.minimum;
    return `integer${bottom === undefined ? '' : ` ≥ ${bottom}`}${top === undefined ? '' : ` ≤ ${top}`}`;
  }
  return String(schema.type ?? 'anything');
}

function range(low: number | string | undefined, high: number | undefined, unit: string): string {
  if (high === undefined) return '';
  return low === undefined || low === '' ? `, ≤ ${high}${unit}` : `, ${low}–${high}${unit}`;
}
