import type { Writer } from '../../src/metrics/reporters/reporter.ts';

export interface MemoryWriter extends Writer {
  readonly files: Map<string, string | Uint8Array>;
  /** All that was printed. */
  printed(): string;
  /** A file that must be text. */
  text(name: string): string;
}

/** A writer that keeps what it is given. */
export function memoryWriter(options: { readonly color?: boolean; readonly width?: number } = {}): MemoryWriter {
  const files = new Map<string, string | Uint8Array>();
  let printed = '';
  return {
    files,
    printed: () => printed,
    text(name) {
      const content = files.get(name);
      if (typeof content !== 'string')
        throw new Error(`${name} is not among the files: ${[...files.keys()].join(', ')}`);
      return content;
    },
    file: async (name, content) => void files.set(name, content),
    print(text) {
      printed += text;
    },
    color: options.color ?? false,
    width: options.width ?? 100,
  };
}
