/** Letters for the pictures: a machine in a container often has no font at all. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const weights = ['400', '700'];
const bundledFamily = 'Report';
const generic = 'sans-serif';

let found: string | undefined;

/** The family to draw with. Throws if the machine has no font and none came with the installation. */
export async function findFont(): Promise<string> {
  found ??= await loadFont();
  return found;
}

// ---

async function loadFont(): Promise<string> {
  const { GlobalFonts } = await import('@napi-rs/canvas');
  const files = weights.map(bundledFile).filter((file) => file !== null);
  const registered = files.filter((file) => GlobalFonts.registerFromPath(file, bundledFamily) !== null);
  if (registered.length > 0) return `${bundledFamily}, ${generic}`;
  if (GlobalFonts.families.length > 0) return generic;
  throw new Error(
    'The PNG charts need a font, and this machine has none: install one (Debian: apt-get install fonts-dejavu-core), or leave the png reporter out.',
  );
}

function bundledFile(weight: string): string | null {
  try {
    const file = createRequire(import.meta.url).resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff2`);
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}
