import { z } from 'zod';
import { comparisonSchema } from './comparison.ts';
import { summarySchema } from './summary.ts';

export { comparisonSchema, summarySchema };

/** JSON Schema of what the json reporter writes, as published in `docs/schemas`: file name → text. */
export function publishedSchemas(): Readonly<Record<string, string>> {
  const text = (schema: z.ZodType, title: string): string =>
    `${JSON.stringify({ title, ...z.toJSONSchema(schema) }, null, 2)}\n`;
  return {
    'summary.json': text(summarySchema, 'summary.json: the measure phase of a run in numbers'),
    'comparison.json': text(comparisonSchema, 'comparison.json: strategies compared'),
  };
}
