import { changePassword, listDevices, signOutDevice } from '../account.ts';
import { askBalancer } from '../balancer-view.ts';
import type { Messenger } from './contract.ts';
import type { IdentityKeeper } from './identity.ts';

type OwnAccount = Pick<Messenger, 'changePassword' | 'devices' | 'signOutDevice' | 'balancer'>;

/** Questions in the name of the user that leave the messenger as it is. */
export function createOwnAccount(identity: IdentityKeeper): OwnAccount {
  return {
    changePassword: (passwords) =>
      identity.asking((transport, token) => changePassword(transport, { token, ...passwords })),
    async devices() {
      const outcome = await identity.asking(listDevices);
      return outcome.kind === 'ok' ? { kind: 'ok', value: outcome.value.devices } : outcome;
    },
    signOutDevice: (device) => identity.asking((transport, token) => signOutDevice(transport, { token, device })),
    balancer: () => identity.asking(askBalancer),
  };
}
