import { expect, it } from 'vitest';
import { fuzz } from '../../src/sim/flows/index.ts';

it('flows keep every promise on real processes too, several tenants after one another on one cluster', async () => {
  const verdict = await fuzz({ runs: 4, seed: 3, backend: 'processes', maxOperations: 50, reports: null });
  expect(verdict.text).toContain('4 flows kept every promise');
  expect(verdict.result).toBe('pass');
}, 180_000);
