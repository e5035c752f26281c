/** What the laboratory may use of the metrics. */
export type * from './checks/check.ts';
export * from './history/event.ts';
export * from './reporters/index.ts';
export * from './run.ts';
