/** The ways to write a report down. One file each; one line here admits it. */
export { csv } from './csv.ts';
export { json } from './json.ts';
export { markdown } from './markdown.ts';
export { text } from './text.ts';
