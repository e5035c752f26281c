/** What a client may use of encryption. */
export * from './contract.ts';
export { type CipherSuite, createMls } from './mls/mls.ts';
