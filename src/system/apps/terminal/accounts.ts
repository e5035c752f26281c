import { mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Problem } from '../../problem.ts';
import { originDefault } from './options.ts';

/** Where this program keeps what it knows: one database for each user of each system. */
export interface Accounts {
  readonly origin: string;
  readonly folder: string;
  /** Users of this system that have a database here. */
  readonly names: readonly string[];
  /** The database of a user; there need not be one. */
  fileOf(name: string): string;
}

/** Makes the folder, for this user of the machine alone. Throws a `Problem` when that is not possible. */
export function openAccounts({ origin, data }: { origin?: string | undefined; data?: string | undefined }): Accounts {
  const folder = resolve(data ?? defaultFolder(process.env, process.platform));
  const at = readOrigin(origin ?? originDefault);
  const end = `@${new URL(at).host.replace(/[^A-Za-z0-9.-]/g, '_')}.db`;
  makeFolder(folder);
  return {
    origin: at,
    folder,
    names: readdirSync(folder)
      .filter((file) => file.endsWith(end))
      .map((file) => file.slice(0, -end.length)),
    fileOf: (name) => join(folder, `${checkName(name).toLowerCase()}${end}`),
  };
}

/** Where programs of this user keep their data, by the custom of the system. */
export function defaultFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (env.XDG_DATA_HOME) return join(env.XDG_DATA_HOME, 'nawaab');
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'nawaab');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'nawaab');
  return join(homedir(), '.local', 'share', 'nawaab');
}

// ---

function readOrigin(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.host !== '') return url.origin;
  throw new Problem(
    `"${text}" is not where a system can be reached; write http://127.0.0.1:8080, as nawaab serve says.`,
  );
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Problem(`The folder ${folder} cannot be made (${(cause as Error).message}): name another with --data.`, {
      cause,
    });
  }
}

/** It becomes the name of a file. */
function checkName(name: string): string {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(name)) return name;
  throw new Problem(`"${name}" is not a name: it has letters, digits and . _ - inside, at most 64 in all.`);
}
