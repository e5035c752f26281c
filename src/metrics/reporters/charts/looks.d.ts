interface Theme {
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly paper: string;
  readonly band: string;
  readonly bandEdge: string;
  readonly better: string;
  readonly worse: string;
  readonly none: string;
  readonly looks: readonly string[];
}

export const themes: { readonly light: Theme; readonly dark: Theme };
export function lookOf(theme: Theme, look: number): { color: string; dash: readonly number[]; marker: string };
