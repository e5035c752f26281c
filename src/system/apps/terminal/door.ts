import type { ChatOptions } from './options.ts';

/** The chat client of the command line, loaded when it is wanted: see `chat.ts`. */
export async function chat(options: ChatOptions): Promise<number> {
  const program = await import('./chat.ts');
  return program.chat(options);
}
