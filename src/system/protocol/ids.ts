/** Identifiers. Numbers are positive safe integers given out by the database; brands keep them from being swapped. */

export type UserId = number & { readonly __id: 'user' };
export type DeviceId = number & { readonly __id: 'device' };
export type ConversationId = number & { readonly __id: 'conversation' };
/** Position in a conversation: 1, 2, 3 … without gaps. */
export type Seq = number & { readonly __id: 'seq' };
/** Chosen by the device for one operation, unique on that device for ever (a counter is best); retries repeat it. */
export type ClientId = number & { readonly __id: 'client' };
/** 1 to 64 characters of the documented alphabet. */
export type UserName = string & { readonly __id: 'userName' };
/** What a change of keys leaves for those who join: see `POST /v1/key-bundles`. */
export type BundleId = number & { readonly __id: 'bundle' };
/** What a server holds while it says who is online. */
export type LeaseId = number & { readonly __id: 'lease' };
export type ServerId = string & { readonly __id: 'server' };
/** 192 unguessable bits in base64url: 32 characters. */
export type BlobId = string & { readonly __id: 'blob' };
