import type { IPty } from '@lydell/node-pty';
import { createScreen, type Screen } from './screen.ts';

/** A program at a terminal of its own. */
export interface Terminal {
  readonly screen: Screen;
  /** Everything that was written to it. */
  readonly written: string;
  readonly pid: number;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  /** Resolves when the screen is so; rejects with what stands there if that takes too long. */
  shows(what: string | RegExp | ((screen: Screen) => boolean), withinMs?: number): Promise<void>;
  kill(signal: string): void;
  readonly exited: Promise<{ readonly exitCode: number; readonly signal?: number | undefined }>;
}

export interface TerminalOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

type Spawn = typeof import('@lydell/node-pty').spawn;

/** Pseudo-terminals, or the reason why there are none on this machine. */
export async function loadPty(): Promise<{ readonly spawn: Spawn } | { readonly missing: string }> {
  try {
    const { spawn } = await import('@lydell/node-pty');
    return { spawn };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

export function openTerminal(spawn: Spawn, options: TerminalOptions): Terminal {
  const { command, args, env = {}, columns = 80, rows = 24 } = options;
  const screen = createScreen(columns, rows);
  const pty: IPty = spawn(command, [...args], { cols: columns, rows, name: 'xterm-256color', env: cleanEnv(env) });
  const looks = new Set<() => void>();
  let written = '';
  pty.onData((data) => {
    written += data;
    screen.write(data);
    for (const look of looks) look();
  });
  const exited = Promise.withResolvers<{ exitCode: number; signal?: number | undefined }>();
  pty.onExit(exited.resolve);

  return {
    screen,
    get written() {
      return written;
    },
    pid: pty.pid,
    type: (keys) => pty.write(keys),
    resize(nextColumns, nextRows) {
      screen.resize(nextColumns, nextRows);
      pty.resize(nextColumns, nextRows);
    },
    shows(what, withinMs = 20_000) {
      const isSo = typeof what === 'function' ? what : (at: Screen) => fits(at.text, what);
      return new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          clearTimeout(timer);
          looks.delete(look);
          settle();
        };
        const look = () => {
          if (isSo(screen)) end(resolve);
        };
        const timer = setTimeout(
          () => end(() => reject(new Error(`It does not show ${String(what)} but:\n${screen.text}`))),
          withinMs,
        );
        looks.add(look);
        look();
      });
    },
    kill: (signal) => pty.kill(signal),
    exited: exited.promise,
  };
}

// ---

function fits(text: string, what: string | RegExp): boolean {
  return typeof what === 'string' ? text.includes(what) : what.test(text);
}

/** Where a machine builds by itself, programs at screens draw nothing; and colors would differ. */
function cleanEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(CI|BUILD_|CONTINUOUS_|NO_COLOR|FORCE_COLOR|VITEST|NODE_ENV|TERM)/.test(name),
  );
  return { ...(Object.fromEntries(own) as Record<string, string>), TERM: 'xterm-256color', ...env };
}
