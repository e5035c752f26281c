import type { Backend } from '../backend.ts';

/** The same system with PostgreSQL, every server and every balancer in a container of its own, on a private network. */
export const containersBackend: Backend = {
  name: 'containers',
  description:
    'Servers, balancers and PostgreSQL each in a container, with CPU and memory quotas; needs a container engine.',
  cannot: new Set(),
  hasQuotas: true,
  run: async (order, work) => {
    // testcontainers takes a while to load; only who runs containers waits for it.
    const { runInContainers } = await import('./run.ts');
    return runInContainers(order, work);
  },
};
