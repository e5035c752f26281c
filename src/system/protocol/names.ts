/**
 * Which names of users look alike. Each name has a skeleton, and names with the same skeleton cannot stand beside each other:
 * the means of UTS #39 (Unicode Security Mechanisms, section 4, Confusable Detection), restricted to the alphabet that names
 * have here. From its table of confusables come `1` and `I` for `l`, `0` for `O` and `m` for `rn`; `w` for `vv` and the
 * separators, which do not count, are ours. As the case of a name does not count, all of `i I l L 1` become one.
 *
 * Left out: `cl` for `d`, because it would set `clean` against `dean`, and both are names that somebody may want; `5` for
 * `S`, `8` for `B` and the like, because they differ in every common font.
 */
export function skeletonOf(name: string): string {
  const letters = name.replace(/[._-]/g, '').toLowerCase().replace(/[i1]/g, 'l').replaceAll('0', 'o');
  return letters.replaceAll('m', 'rn').replaceAll('w', 'vv');
}

/** Names that nobody may have, nor what looks like them: they would be taken for the system itself. */
export const reservedNames: readonly string[] = [
  'abuse',
  'admin',
  'administrator',
  'all',
  'anonymous',
  'everyone',
  'help',
  'here',
  'info',
  'me',
  'moderator',
  'nawaab',
  'nobody',
  'null',
  'official',
  'operator',
  'postmaster',
  'root',
  'security',
  'server',
  'staff',
  'superuser',
  'support',
  'system',
  'undefined',
  'user',
  'webmaster',
];

export function isReservedName(name: string): boolean {
  return reservedSkeletons.has(skeletonOf(name));
}

// ---

const reservedSkeletons: ReadonlySet<string> = new Set(reservedNames.map(skeletonOf));
