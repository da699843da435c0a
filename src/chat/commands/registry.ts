/** The slash commands of @netsec, in the order they are offered. One file each; one line here admits it. */
export { analyze } from './analyze.ts';
export { help } from './help.ts';
export { list } from './list.ts';
