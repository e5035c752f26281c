/** What the laboratory and others may use of the system on a real machine: adapters and local processes. */
export type { BalancerProcessStats } from './adapters/balancer-metrics.ts';
export * from './adapters/balancer-node.ts';
export type { ServerAddress } from './adapters/balancer-probe.ts';
export * from './adapters/json-log.ts';
export * from './adapters/node-secrets.ts';
export * from './adapters/node-server.ts';
export * from './adapters/problem.ts';
export * from './adapters/process-vitals.ts';
export * from './adapters/system-clock.ts';
export * from './adapters/system-random.ts';
export * from './adapters/ws-transport.ts';
export { type LocalCluster, startLocalCluster } from './apps/serve/cluster.ts';
export type { Role } from './apps/serve/component.ts';
export type { Database, DatabaseChoice } from './apps/serve/database.ts';
export { type Death, describeDeath, describeExit, type Exit } from './apps/serve/death.ts';
export type { ComponentView, LocalClusterOptions } from './apps/serve/options.ts';
export { type ServeOptions, serve } from './apps/serve/serve.ts';
