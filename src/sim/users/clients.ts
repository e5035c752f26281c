/** How simulated users reach the system: by bare sessions, or as people do, by messengers. */
import {
  type ClientSession,
  type Clock,
  createSession,
  type Log,
  type Random,
  type SignInAnswer,
  signIn,
} from '../../system/index.ts';
import type { CrowdPlan } from './crowd-contract.ts';
import type { UserRecord } from './record.ts';
import { type AccountWorld, createAccount, type NewUser, passwordOf } from './sign-up.ts';

/** What users do with a client; client ids are answered by `record` as a session tells of them. */
export interface UserClient
  extends Pick<
    ClientSession,
    'server' | 'start' | 'stop' | 'openDirect' | 'createGroup' | 'invite' | 'remove' | 'leave' | 'typing' | 'watch'
  > {
  send(
    ...what: [conversation: Parameters<ClientSession['send']>[0], payload: string]
  ): ReturnType<ClientSession['send']>;
}

export interface ClientOrder {
  readonly user: NewUser;
  /** Hears what the client does. */
  readonly record: UserRecord;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: CrowdPlan['session'];
}

/** A client whose user has an account, offline. */
export interface SignedUp {
  readonly client: UserClient;
  /** Opens the routes over HTTP; null where the client keeps it to itself. */
  readonly token: string | null;
}

/** Rejects with one sentence when the user cannot be signed up. */
export type ClientMaker = (world: AccountWorld, order: ClientOrder) => Promise<SignedUp>;

/** Payloads go out as they are. */
export const bareClient: ClientMaker = async (world, { user, record, clock, random, log, settings }) => {
  const { name, transport } = user;
  const enter = () => signIn(transport, { name, password: passwordOf(name), device: 'simulated' });
  const { token, device }: SignInAnswer = await createAccount(world, user, enter);
  return { client: createSession({ clock, random, log, transport }, { token, device, ...settings }, record), token };
};
