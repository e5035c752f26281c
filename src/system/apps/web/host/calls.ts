import type {
  AccountOutcome,
  ConversationId,
  Credentials,
  DeviceId,
  HistoryRange,
  LocalId,
  Me,
  Messenger,
  SearchOptions,
  Seq,
} from '../../../browser.ts';

/** What a tab may ask of the messenger. Arguments and answers can be cloned; a rejection becomes a sentence. */
export const calls = {
  signUp: async (asking: Asking, who: Credentials) => entered(asking, await asking.messenger.signUp(who)),
  signIn: async (asking: Asking, who: Credentials) => entered(asking, await asking.messenger.signIn(who)),
  signOut: ({ messenger }: Asking) => messenger.signOut(),
  signOutEverywhere: ({ messenger }: Asking) => messenger.signOutEverywhere(),
  devices: ({ messenger }: Asking) => messenger.devices(),
  signOutDevice: ({ messenger }: Asking, device: DeviceId) => messenger.signOutDevice(device),
  changePassword: ({ messenger }: Asking, passwords: { readonly old: string; readonly new: string }) =>
    messenger.changePassword(passwords),
  /** What this browser has is erased with it: nobody could sign in to read it. */
  deleteAccount: async ({ messenger, erase }: Asking, password: string) => {
    const outcome = await messenger.deleteAccount(password);
    if (outcome.kind === 'ok') await erase();
    return outcome;
  },
  /** Also when the servers do not answer: who asks for it may have to leave this machine to others now. */
  erase: async ({ messenger, erase }: Asking) => {
    const outcome = await messenger.signOut();
    await erase();
    return { isSignedOut: outcome.kind === 'ok' };
  },
  start: async ({ messenger }: Asking) => messenger.start(),
  /** Answers when it is on the disk, with the id that the entry will have. */
  send: ({ messenger }: Asking, conversation: ConversationId, text: string) =>
    kept(messenger, () => messenger.send(conversation, text).id),
  openDirect: ({ messenger }: Asking, user: string) => messenger.openDirect(user).outcome,
  createGroup: ({ messenger }: Asking, title: string, users: readonly string[]) =>
    messenger.createGroup(title, users).outcome,
  invite: ({ messenger }: Asking, conversation: ConversationId, users: readonly string[]) =>
    messenger.invite(conversation, users).outcome,
  remove: ({ messenger }: Asking, conversation: ConversationId, users: readonly string[]) =>
    messenger.remove(conversation, users).outcome,
  leave: ({ messenger }: Asking, conversation: ConversationId) => messenger.leave(conversation).outcome,
  /** Answers when its message is on the disk, or that there will be none. */
  sendImage: async (
    { messenger, signal, onProgress }: Asking,
    conversation: ConversationId,
    image: Blob,
    caption: string,
  ) => {
    const { queued, outcome } = messenger.sendImage(conversation, image, { caption, signal, onProgress });
    const id = await queued;
    return id === null ? outcome : ({ kind: 'queued', id } as const);
  },
  readImage: async ({ messenger, signal, onProgress }: Asking, conversation: ConversationId, seq: Seq) => {
    const read = await messenger.readImage(conversation, seq, { signal, onProgress });
    if (read.kind !== 'image') return read;
    const { bytes, ...about } = read;
    // Tabs get a reference to it, not 25 MB.
    return { ...about, blob: new Blob([bytes], { type: read.type }) };
  },
  retry: ({ messenger }: Asking, id: LocalId) => kept(messenger, () => messenger.retry(id).id),
  discard: ({ messenger }: Asking, id: LocalId) => messenger.discard(id),
  history: ({ messenger }: Asking, range: HistoryRange) => messenger.history(range),
  search: ({ messenger }: Asking, query: SearchOptions) => messenger.search(query),
  markRead: ({ messenger }: Asking, conversation: ConversationId, upTo: Seq) => messenger.markRead(conversation, upTo),
  receipts: async ({ messenger }: Asking, conversation: ConversationId) => messenger.receipts(conversation),
  /** Null when there is nothing to compare yet. */
  safetyCode: ({ messenger }: Asking, conversation: ConversationId, user: string) =>
    messenger.safetyCode(conversation, user),
  markVerified: ({ messenger }: Asking, conversation: ConversationId, user: string, code: string) =>
    messenger.markVerified(conversation, user, code),
  forgetVerified: ({ messenger }: Asking, user: string) => messenger.forgetVerified(user),
  acknowledgeChange: ({ messenger }: Asking, user: string) => messenger.acknowledgeChange(user),
  /** How the balancer sees its servers. */
  balancer: ({ messenger }: Asking) => messenger.balancer(),
  typing: async ({ messenger }: Asking, conversation: ConversationId) => messenger.typing(conversation),
} as const;

/** The messenger, and what belongs to this one call. */
export interface Asking {
  readonly messenger: Messenger;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: unknown) => void;
  /** Ends the messenger and removes what this browser has of the user. */
  readonly erase: () => Promise<void>;
}

export type CallName = keyof typeof calls;
export type CallArgs<K extends CallName> = Parameters<(typeof calls)[K]> extends [Asking, ...infer Args] ? Args : never;
export type CallAnswer<K extends CallName> = Awaited<ReturnType<(typeof calls)[K]>>;

// ---

async function kept(messenger: Messenger, ask: () => LocalId): Promise<LocalId> {
  const id = ask();
  await messenger.saved();
  return id;
}

/** Whom the servers refused, and who was never here before, leaves no database behind. */
async function entered({ messenger, erase }: Asking, outcome: AccountOutcome<Me>): Promise<AccountOutcome<Me>> {
  if (outcome.kind === 'ok') messenger.start();
  // Only a refusal is certain: after a lost answer the device may be known to the servers, and must keep its name.
  if (outcome.kind === 'refused' && outcome.definite && messenger.me === null) await erase();
  return outcome;
}
