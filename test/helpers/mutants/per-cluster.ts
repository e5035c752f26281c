/** Something that all servers of one cluster share, made when the first asks. */
export function perCluster<T>(create: () => T): (around: { readonly cluster: object }) => T {
  const made = new WeakMap<object, T>();
  return ({ cluster }) => {
    const known = made.get(cluster);
    if (known !== undefined) return known;
    const fresh = create();
    made.set(cluster, fresh);
    return fresh;
  };
}
