/** Letters for the pictures: a machine in a container often has no font at all. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const weights = ['400', '700'];
const bundledFamily = 'Report';
const generic = 'sans-serif';

export const noFont =
  'No PNG charts: they need a font, and this machine has none. Install one (Debian: apt-get install fonts-dejavu-core) and run nawaab report.\n';

let found: string | null | undefined;

/** The family to draw with; null if the machine has no font and none came with the installation. */
export async function findFont(): Promise<string | null> {
  if (found === undefined) found = await loadFont();
  return found;
}

// ---

async function loadFont(): Promise<string | null> {
  const { GlobalFonts } = await import('@napi-rs/canvas');
  const files = weights.map(bundledFile).filter((file) => file !== null);
  const registered = files.filter((file) => GlobalFonts.registerFromPath(file, bundledFamily) !== null);
  if (registered.length > 0) return `${bundledFamily}, ${generic}`;
  return GlobalFonts.families.length > 0 ? generic : null;
}

function bundledFile(weight: string): string | null {
  try {
    const file = createRequire(import.meta.url).resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff2`);
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}
