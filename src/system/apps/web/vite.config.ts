import { defineConfig } from 'vite';

/** Every file comes from the balancer's own origin; nothing is inlined, for the policy of the page lets nothing inline run. */
export default defineConfig({
  base: '/',
  publicDir: 'public',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The tab needs a few names of the SDK, and the worker all of it: nothing of it does anything by being imported.
    rolldownOptions: { treeshake: { moduleSideEffects: [{ test: /src\/system\/(?!apps\/)/, sideEffects: false }] } },
  },
});
