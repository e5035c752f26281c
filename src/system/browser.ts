/** What a client in a browser may use of the system: nothing behind this imports a module of Node. */
export {
  eraseBrowserMessenger,
  type OpenBrowserMessengerOptions,
  openBrowserMessenger,
} from './adapters/browser-messenger.ts';
export { createBrowserThumbnails } from './adapters/browser-thumbnail.ts';
export { createWebCiphers } from './adapters/web-ciphers.ts';
export { strategies } from './balancer/strategies/index.ts';
export type { AccountFailure, AccountOutcome } from './client/ask.ts';
export type { BlobLike, ImageProgress, ImageSource, ImageType, Thumbnail } from './client/images/index.ts';
export type { Content } from './client/messenger/content.ts';
export type * from './client/messenger/contract.ts';
export type * from './client/messenger/image-contract.ts';
export { isShown } from './client/messenger/shown.ts';
export type * from './client/messenger/trust-contract.ts';
export type { EpochMs, Log, LogFields, LogLevel } from './ports.ts';
export { Problem } from './problem.ts';
export type { BalancerView } from './protocol/balancer-view.ts';
export type { ErrorCode } from './protocol/errors.ts';
export type { ClientId, ConversationId, DeviceId, Seq, ServerId, UserName } from './protocol/ids.ts';
export { limits } from './protocol/limits.ts';
