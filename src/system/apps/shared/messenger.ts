/** What clients use of the SDK's types, in one place. */
export type { BalancerView } from '../../client/balancer-view.ts';
export type { Content } from '../../client/messenger/content.ts';
export type {
  Asked,
  Conversation,
  Item,
  Me,
  Messenger,
  MessengerState,
  Operation,
  Outcome,
  Presence,
  Receipt,
} from '../../client/messenger/contract.ts';
export type { ImageOutcome } from '../../client/messenger/image-contract.ts';
export type { Verification } from '../../client/messenger/trust-contract.ts';
export type { ClientId, ConversationId, Seq, UserName } from '../../protocol/ids.ts';
