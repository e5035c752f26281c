import type { Content } from './content.ts';

/** Whether it is worth a line: new keys alone are nothing that people did; that they were not right concerns them. */
export function isShown(content: Content): boolean {
  return content.kind !== 'membership' || content.change !== 'rekeyed' || content.doubt !== undefined;
}
