/** What the laboratory and others may use of the system. */
export { createBalancer } from './balancer/balancer.ts';
export type * from './balancer/contract.ts';
export * from './balancer/strategies/index.ts';
export type * from './balancer/strategy.ts';
export * from './client/account.ts';
export type * from './client/contract.ts';
export { createSession } from './client/session.ts';
export type * from './database/bus.ts';
export type { MemoryBusHub } from './database/memory-bus.ts';
export { createMemoryBusHub } from './database/memory-bus.ts';
export type { MemoryStore, StoredMessage } from './database/memory-store.ts';
export { createMemoryStore } from './database/memory-store.ts';
export * from './database/store.ts';
export type * from './ports.ts';
export * from './protocol/index.ts';
export * from './seeded-random.ts';
export type * from './server/contract.ts';
