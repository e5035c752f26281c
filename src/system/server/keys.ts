import type { Identity } from '../database/store.ts';
import type { ClaimAnswer, KeyBundleAnswer, KeyBundleBody, KeyPackagesBody } from '../protocol/http-keys.ts';
import type { BundleId } from '../protocol/ids.ts';
import type { Answered } from './accounts.ts';
import type { Ground } from './ground.ts';
import { createPlaces, type Places } from './places.ts';
import { createRateLimit } from './rate-limit.ts';

/** Key packages and key bundles: what devices leave for each other. May reject with `StoreFailure`. */
export interface Keys {
  addPackages(by: Identity, asked: KeyPackagesBody): Promise<Answered<{ left: number }>>;
  packagesLeft(by: Identity): Promise<Answered<{ left: number }>>;
  claim(by: Identity, name: string): Promise<Answered<ClaimAnswer>>;
  addBundle(by: Identity, asked: KeyBundleBody): Promise<Answered<{ bundle: BundleId }>>;
  readBundle(by: Identity, bundle: BundleId): Promise<Answered<KeyBundleAnswer>>;
  /** For large bodies and answers on their way. */
  readonly transfers: Places;
}

export function createKeys({ clock, settings, store }: Ground): Keys {
  const claims = createRateLimit(clock, { perMinute: settings.keyClaimsPerMinute, keysMax });
  const uploads = createRateLimit(clock, { perMinute: settings.keyUploadsPerMinute, keysMax });

  return {
    transfers: createPlaces({ max: settings.keyTransfersMax, perUserMax: settings.keyTransfersPerUserMax }),
    async addPackages(by, { packages, lastResort, replace = false }) {
      const retryAfterMs = uploads.take(String(by.user));
      if (retryAfterMs > 0) return { kind: 'refused', code: 'tooMany', retryAfterMs };
      const left = await store.keys.addPackages({
        device: by.device,
        packages: packages.map((one) => one.package),
        lastResort: lastResort?.package ?? null,
        replace,
      });
      return { kind: 'ok', value: { left } };
    },
    async packagesLeft({ device }) {
      return { kind: 'ok', value: { left: await store.keys.packagesLeft(device) } };
    },
    async claim(by, name) {
      const retryAfterMs = claims.take(String(by.user));
      if (retryAfterMs > 0) return { kind: 'refused', code: 'tooMany', retryAfterMs };
      const user = await store.findUser(name);
      if (user === null) return { kind: 'refused', code: 'unknownUser' };
      const given = await store.keys.claimPackages({ user: user.id, except: by.device, now: clock.wall() });
      return { kind: 'ok', value: { devices: [...given] } };
    },
    async addBundle({ user, device }, { welcome, groupInfo, commit }) {
      const retryAfterMs = uploads.take(String(user));
      if (retryAfterMs > 0) return { kind: 'refused', code: 'tooMany', retryAfterMs };
      const parts = { welcome: welcome ?? null, groupInfo, commit: commit ?? null };
      const bundle = await store.keys.addBundle({ device, at: clock.wall(), ...parts });
      return { kind: 'ok', value: { bundle } };
    },
    async readBundle(by, id) {
      const read = await store.keys.readBundle(id, by);
      return typeof read === 'string' ? { kind: 'refused', code: read } : { kind: 'ok', value: read };
    },
  };
}

// ---

/** Users whose rates are remembered. */
const keysMax = 100_000;
