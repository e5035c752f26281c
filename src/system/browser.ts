/** What a program in a browser may use of the system: the messenger and what it stands on. */
export { type OpenBrowserMessengerOptions, openBrowserMessenger } from './adapters/browser-messenger.ts';
export { createBrowserThumbnails } from './adapters/browser-thumbnail.ts';
export { createWebCiphers } from './adapters/web-ciphers.ts';
export type { Content } from './client/messenger/content.ts';
export type * from './client/messenger/contract.ts';
export type { ClientId, ConversationId, DeviceId, Seq, UserName } from './protocol/ids.ts';
