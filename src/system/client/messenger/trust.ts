import { Problem } from '../../problem.ts';
import type { UserName } from '../../protocol/ids.ts';
import type { Core } from './core.ts';
import { inLane } from './lanes.ts';
import type { Reading } from './reading.ts';
import { isSameName } from './rooms.ts';
import type { MessengerTrust, Verification } from './trust-contract.ts';

/** Safety codes, and who was verified by them. */
export function createTrust({ lanes, sealing: { trust }, me }: Core, reading: Reading): MessengerTrust {
  return {
    safetyCode: async (conversation, user) => trust.safetyCode(conversation, reading.counterpart(conversation, user)),
    async markVerified(conversation, user, code) {
      const other = reading.counterpart(conversation, user);
      if (isSameName(other, me().name)) throw new Problem('Nobody can verify oneself; name another member.');
      let verified: Verification;
      // In its lane, so that its keys stay what they are meanwhile.
      await inLane(lanes, conversation, async () => {
        verified = await trust.mark(conversation, other, code);
      });
      return verified!;
    },
    forgetVerified: (user) => trust.forget(user as UserName),
    acknowledgeChange: (user) => trust.acknowledge(user as UserName),
    verification: (user) => trust.of(user as UserName),
    verifications: () => trust.all(),
  };
}
