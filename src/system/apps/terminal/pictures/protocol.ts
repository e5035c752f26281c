/** How a terminal shows pictures; null when it is not known to. */
export type GraphicsProtocol = 'kitty' | 'iterm2';

/** By what terminals say of themselves. Behind tmux and screen, what they say is not true of what stands before the eyes. */
export function graphicsProtocol(env: Readonly<Record<string, string | undefined>>): GraphicsProtocol | null {
  if (env.TMUX || env.STY) return null;
  if (env.TERM_PROGRAM === 'iTerm.app' || env.TERM_PROGRAM === 'WezTerm' || env.LC_TERMINAL === 'iTerm2')
    return 'iterm2';
  // Konsole says its version as one number: 22.04.0.
  if (Number(env.KONSOLE_VERSION) >= 220_400) return 'iterm2';
  if (env.KITTY_WINDOW_ID || env.TERM === 'xterm-kitty' || env.TERM_PROGRAM === 'ghostty') return 'kitty';
  return null;
}

/**
 * What draws a PNG at the cursor, at most so many characters large (kitty, "Terminal graphics protocol"; iTerm2, "Inline
 * Images Protocol").
 */
export function graphicsOf(
  protocol: GraphicsProtocol,
  png: { readonly bytes: Uint8Array; readonly width: number; readonly height: number },
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string {
  const data = Buffer.from(png.bytes).toString('base64');
  if (protocol === 'iterm2') {
    const size = `width=${columns};height=${rows};preserveAspectRatio=1`;
    return `${esc}]1337;File=inline=1;size=${png.bytes.length};${size}:${data}\u0007`;
  }
  // Both sides: kitty before 0.27 does not let the other follow from one. A character is about twice as high as it is wide.
  const scale = Math.min(columns / png.width, (rows * 2) / png.height);
  const [c, r] = [png.width * scale, (png.height * scale) / 2].map((side) => Math.max(1, Math.round(side)));
  const pieces = data.match(/.{1,4096}/g) ?? [];
  return pieces
    .map((piece, index) => {
      // q=2: no answers, which would be taken for keys.
      const first = index === 0 ? `a=T,f=100,q=2,c=${c},r=${r},` : '';
      return `${esc}_G${first}m=${index === pieces.length - 1 ? 0 : 1};${piece}${esc}\\`;
    })
    .join('');
}

/** Takes all pictures off the screen. */
export function graphicsEnd(protocol: GraphicsProtocol): string {
  return protocol === 'kitty' ? `${esc}_Ga=d,q=2${esc}\\` : '';
}

// ---

const esc = '\u001B';
