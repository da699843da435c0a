/** esbuild collects these into dist/webview.css. */
declare module '*.css';
