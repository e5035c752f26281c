import { openAsBlob } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { Problem } from '../../../problem.ts';

/** A file on this machine as the source of an image. Rejects with a `Problem` when there is none. */
export async function imageFile(path: string): Promise<Blob> {
  const at = expanded(path);
  try {
    if ((await stat(at)).isFile()) return await openAsBlob(at);
  } catch (cause) {
    throw new Problem(`The file ${at} cannot be read (${(cause as NodeJS.ErrnoException).code}); check the path.`, {
      cause,
    });
  }
  throw new Problem(`${at} is not a file; name an image.`);
}

export async function isFile(path: string): Promise<boolean> {
  const found = await stat(expanded(path)).catch(() => null);
  return found?.isFile() ?? false;
}

/** Where an image is to be saved: its name is ours, never the sender's. */
export interface SaveOptions {
  /** A folder, or a file that is not there yet. Default: the present folder. */
  readonly path: string;
  /** Of the file, when `path` is a folder; without its end. */
  readonly name: string;
  /** For example `image/png`. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Writes a new file for this user of the machine alone, never over one that is there. Resolves with its path. */
export async function saveImage({ path, name, type, bytes }: SaveOptions): Promise<string> {
  const at = expanded(path || '.');
  const found = await stat(at).catch(() => null);
  const base = found?.isDirectory() ? join(at, `${name}.${type.replace('image/', '')}`) : at;
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const file =
      attempt === 1 ? base : base.replace(new RegExp(`${escaped(extname(base))}$`), `-${attempt}${extname(base)}`);
    const handle = await open(file, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EEXIST') return null;
      throw new Problem(`The file ${file} cannot be written (${cause.code}); name another place.`, { cause });
    });
    if (handle === null) continue;
    await handle.writeFile(bytes).finally(() => handle.close());
    return file;
  }
  throw new Problem(`${base} and ${attemptsMax - 1} files like it are there already; name another place.`);
}

// ---

const attemptsMax = 100;

function expanded(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(path);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
