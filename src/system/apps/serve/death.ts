import { readFileSync } from 'node:fs';

/** How a process ended. `error`: it could not even be started. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: string;
}

export interface Death {
  readonly name: string;
  readonly pid: number;
  readonly exit: Exit;
  readonly logFile: string;
}

/** What a person wants to know of a process that died: how, its last lines, and where the others are. */
export function describeDeath({ name, pid, exit, logFile }: Death): string {
  return describeEnd({ who: `${name} (process ${pid})`, how: describeExit(exit), logFile });
}

/** The same of anything that has a log. */
export function describeEnd({ who, how, logFile }: { who: string; how: string; logFile: string }): string {
  const lines = lastLines(logFile);
  const said =
    lines.length === 0 ? 'It logged nothing.' : `Its last lines:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  return `${who} ${how}. Its log is ${logFile}. ${said}`;
}

/** "exited with status 1", "was killed by SIGKILL". */
export function describeExit({ code, signal, error }: Exit): string {
  if (error !== undefined) return `could not be started: ${error}`;
  return signal === null ? `exited with status ${code}` : `was killed by ${signal}`;
}

// ---

const linesShown = 8;
const lineCharsMax = 400;

function lastLines(logFile: string): readonly string[] {
  try {
    const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
    return lines
      .slice(-linesShown)
      .filter((line) => line !== '')
      .map((line) => line.slice(0, lineCharsMax));
  } catch {
    return [];
  }
}
