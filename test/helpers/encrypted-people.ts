import type {
  Applied,
  ClaimedKeyPackage,
  Device,
  Encryption,
  Group,
  KeyChange,
  Rule,
  Step,
} from '../../src/system/client/encryption/contract.ts';

/** A device of somebody with what it has stored: private parts of key packages, and at most one group. */
export interface Person {
  readonly encryption: Encryption;
  readonly device: Device;
  readonly privates: Map<string, Uint8Array>;
  group: Group | null;
}

export async function newPerson(encryption: Encryption, user: string, device = 'phone'): Promise<Person> {
  return { encryption, device: await encryption.newDevice({ user, device }), privates: new Map(), group: null };
}

export const userOf = (person: Person): string => person.device.identity.user;

/** A key package of a person as the server would give it out. */
export async function claim(person: Person): Promise<ClaimedKeyPackage> {
  const { singleUse } = await person.encryption.makeKeyPackages(person.device, 1);
  const { id, keyPackage, privatePart } = singleUse[0]!;
  person.privates.set(id, privatePart);
  return { user: userOf(person), keyPackage };
}

/** What a careful caller does with every step: stores the new value, then wipes what is spent. */
export function take<Taken extends Step>(person: Person, step: Taken): Taken {
  person.group = step.group;
  step.wipe();
  return step;
}

export async function join(person: Person, welcome: string): Promise<void> {
  const joined = await person.encryption.join(person.device, welcome, (id) => person.privates.get(id) ?? null);
  person.privates.delete(joined.usedKeyPackage);
  take(person, joined);
}

/** The first creates a group with the others, and all come in. */
export async function gather(creator: Person, ...others: readonly Person[]): Promise<KeyChange> {
  const { change } = take(
    creator,
    await creator.encryption.create(creator.device, await Promise.all(others.map(claim))),
  );
  for (const other of others) await join(other, change.welcome!);
  return change;
}

export async function apply(person: Person, commit: string, rule: Rule): Promise<Applied> {
  const applied = await person.encryption.apply(person.group!, commit, rule);
  if (applied.kind === 'applied') take(person, applied);
  if (applied.kind === 'removed') {
    applied.wipe();
    person.group = null;
  }
  return applied;
}

export async function say(person: Person, text: string): Promise<string> {
  return take(person, await person.encryption.encrypt(person.group!, new TextEncoder().encode(text))).payload;
}

/** What the person reads as `sender: text`, or why not. */
export async function read(person: Person, payload: string): Promise<string> {
  const decrypted = await person.encryption.decrypt(person.group!, payload);
  if (decrypted.kind === 'unreadable') return decrypted.reason;
  take(person, decrypted);
  const { user, device } = decrypted.sender.identity;
  return `${user}/${device}: ${new TextDecoder().decode(decrypted.plaintext)}`;
}

/** `user/device` of all members as the person sees them, in order. */
export function membersSeenBy(person: Person): string[] {
  return person.encryption
    .members(person.group!)
    .map(({ identity }) => `${identity.user}/${identity.device}`)
    .toSorted();
}

/** Without further members than the group shows. */
export const ruledBy = (admin: string | null, ...left: readonly string[]): Rule => ({
  admin,
  left: new Set(left),
  members: new Set(),
});
