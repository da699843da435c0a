/** The ways to write a report down. One file each; one line here admits it. */
export { csv } from './csv.ts';
export { html } from './html.ts';
export { json } from './json.ts';
export { markdown } from './markdown.ts';
export { sarif } from './sarif.ts';
export { text } from './text.ts';
