/** The page around the sections: one file that asks nobody for anything. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { ChartSpec } from '../charts/spec.ts';
import { escapeHtml, escapeJson, type Html } from './template.ts';

export interface Page {
  readonly title: string;
  readonly body: Html;
  /** Those whose figures are in the body. */
  readonly charts: readonly ChartSpec[];
}

/** In the order in which they need each other; inlined into one script. */
const scripts = [
  new URL('../charts/figures.js', import.meta.url),
  new URL('../charts/looks.js', import.meta.url),
  new URL('../charts/axes.js', import.meta.url),
  new URL('../charts/plugins.js', import.meta.url),
  new URL('../charts/chart-config.js', import.meta.url),
  new URL('./browser.js', import.meta.url),
];
const stylesheet = new URL('./page.css', import.meta.url);

export async function renderPage(page: Page): Promise<string> {
  const [style, library, own] = await Promise.all([readFile(stylesheet, 'utf8'), chartLibrary(), ownScript()]);
  // The hashes let these scripts and this style run and nothing else, whatever the data holds.
  const policy = [
    "default-src 'none'",
    `script-src ${hash(library)} ${hash(own)}`,
    `style-src ${hash(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(page.title)}</title>
<style>${style}</style>
</head>
<body>
${page.body.html}
<script type="application/json" id="charts">${escapeJson(page.charts)}</script>
<script>${library}</script>
<script type="module">${own}</script>
</body>
</html>
`;
}

// ---

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The package exports its modules only; the build for browsers lies beside them. */
async function chartLibrary(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('chart.js');
  const text = await readFile(entry.replace(/[^/\\]+$/, 'chart.umd.min.js'), 'utf8');
  // The map is not there to be fetched.
  return text.replace(/\/\/# sourceMappingURL=.*/, '');
}

/** One module of the modules: what they import from each other is in scope already. */
async function ownScript(): Promise<string> {
  const texts = await Promise.all(scripts.map((script) => readFile(script, 'utf8')));
  return texts
    .join('\n')
    .replace(/^import [^;]*;$/gm, '')
    .replace(/^export /gm, '');
}
