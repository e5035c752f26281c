type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The fields that are not undefined: what is left out must be left out, so that a default applies. */
export function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
