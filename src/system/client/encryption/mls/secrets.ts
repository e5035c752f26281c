import type { ClientState } from 'ts-mls/clientState.js';
import type { SecretTree } from 'ts-mls/secretTree.js';

/**
 * Every secret that a state holds, but the device's signature key, which outlives groups. ts-mls names what an operation
 * consumed; that list leaves out the keys of an epoch that is given up and of a path that is replaced.
 */
export function secretsOf(state: ClientState): Set<Uint8Array> {
  const secrets = new Set<Uint8Array>(Object.values(state.keySchedule));
  for (const key of Object.values(state.privatePath.privateKeys)) secrets.add(key);
  addTree(secrets, state.secretTree);
  for (const former of state.historicalReceiverData.values()) {
    secrets.add(former.senderDataSecret).add(former.resumptionPsk);
    addTree(secrets, former.secretTree);
  }
  return secrets;
}

/** Secrets of the first states that none of the second holds. */
export function spentSecrets(before: readonly ClientState[], after: readonly ClientState[]): Uint8Array[] {
  const kept = new Set(after.flatMap((state) => [...secretsOf(state)]));
  return before.flatMap((state) => [...secretsOf(state)]).filter((secret) => !kept.has(secret));
}

export function overwrite(secrets: Iterable<Uint8Array>): void {
  for (const secret of secrets) secret.fill(0);
}

// ---

function addTree(secrets: Set<Uint8Array>, tree: SecretTree): void {
  for (const { application } of tree) {
    if (application.secret.length === 0) continue;
    secrets.add(application.secret);
    for (const secret of Object.values(application.unusedGenerations)) secrets.add(secret);
  }
}
