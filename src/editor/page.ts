/** The HTML that carries the editor's page. Nothing loads or runs but our own bundle, our style sheets and our icon font. */
import { randomBytes } from 'node:crypto';

export interface PageResources {
  readonly script: string;
  readonly styleSheet: string;
  /** The webview's own origin for local resources. */
  readonly source: string;
  readonly title: string;
  readonly language: string;
}

export function pageHtml(resources: PageResources, nonce = randomBytes(18).toString('base64')): string {
  const { script, styleSheet, source, title, language } = resources;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${source} 'nonce-${nonce}'`,
    `font-src ${source}`,
    `img-src ${source} data:`,
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="${escapeHtml(styleSheet)}">
</head>
<body>
<script nonce="${nonce}" src="${escapeHtml(script)}"></script>
</body>
</html>
`;
}

/** File names are chosen by others: in markup they are text. */
function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
