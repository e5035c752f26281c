import type { Clock, Ms } from '../ports.ts';
import type { OperationFrame } from '../protocol/frames.ts';
import type { UserId } from '../protocol/ids.ts';
import type { ServerSettings } from './contract.ts';
import { type Bucket, fullBucket, type Rate, remember, take } from './rate-limit.ts';
import type { Session } from './session.ts';

/** How much of a server one user or one address may use. Remembered beyond a connection: coming anew gives nothing. */
export interface Quotas {
  /** A connection has come from this address; false when the address has as many as it may. */
  came(session: Session): boolean;
  /** Its user is known. */
  identified(session: Session): void;
  left(session: Session): void;
  /** False when the connection sends more frames than anybody needs. */
  frame(session: Session, now: Ms): boolean;
  /** 0, or how long to wait. */
  operation(session: Session, frame: OperationFrame, now: Ms): Ms;
}

/** What of a quota is left. */
export interface Allowance {
  readonly sends: Bucket;
  readonly changes: Bucket;
  connections: number;
}

export function createQuotas(clock: Clock, settings: ServerSettings): Quotas {
  const userSends = perSec(settings.sendsPerSecPerUser, settings.sendBurstPerUser);
  const addressSends = perSec(settings.sendsPerSecPerAddress, settings.sendBurstPerAddress);
  const changes = perSec(settings.changesPerMinutePerUser / 60, settings.changesPerMinutePerUser);
  const frames = perSec(settings.framesPerSecPerConnection, settings.frameBurstPerConnection);
  const allowanceOf = (sends: Rate) => (): Allowance => {
    const now = clock.now();
    return { sends: fullBucket(sends, now), changes: fullBucket(changes, now), connections: 0 };
  };
  const users = remember<UserId, Allowance>(keysMax, allowanceOf(userSends));
  const addresses = remember<string, Allowance>(keysMax, allowanceOf(addressSends));

  return {
    came(session) {
      session.frames = fullBucket(frames, session.openedAt);
      session.ofAddress = addresses.of(session.socket.remote);
      return ++session.ofAddress.connections <= settings.connectionsPerAddressMax;
    },
    identified(session) {
      session.ofUser = users.of(session.who!.user);
    },
    left({ ofAddress }) {
      if (ofAddress !== null) ofAddress.connections--;
    },
    frame: ({ frames: bucket }, now) => bucket === null || take(bucket, frames, now) === 0,
    operation({ ofUser, ofAddress }, frame, now) {
      // What comes before `welcome` is nobody's yet, and bounded by the connection.
      if (ofUser === null || ofAddress === null) return 0;
      const waitMs =
        frame.type === 'send'
          ? take(ofUser.sends, userSends, now) || take(ofAddress.sends, addressSends, now)
          : take(ofUser.changes, changes, now, Math.min(costOf(frame), changes.burst));
      return waitMs === 0 ? 0 : Math.max(waitMs, retryMsMin);
    },
  };
}

// ---

/** Users and addresses that are remembered. */
const keysMax = 100_000;
/** A client that comes back for each token alone would be refused most of the time. */
const retryMsMin = 500;

function perSec(rate: number, burst: number): Rate {
  return { perMs: rate / 1000, burst };
}

/** Whoever brings many users at once pays for each. */
function costOf(frame: OperationFrame): number {
  return 'users' in frame ? Math.max(1, frame.users?.length ?? 0) : 1;
}
