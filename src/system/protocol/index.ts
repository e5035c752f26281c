export * from './errors.ts';
export * from './frames.ts';
export * from './http.ts';
export * from './http-keys.ts';
export * from './ids.ts';
export * from './limits.ts';
export * from './names.ts';
