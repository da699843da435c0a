/** The slash commands of @netsec, in the order they are offered. One file each; one line here admits it. */
export { analyze } from './analyze.ts';
export { list } from './list.ts';
export { explain } from './explain.ts';
export { hunt } from './hunt.ts';
export { timeline } from './timeline.ts';
export { report } from './report.ts';
export { compare } from './compare.ts';
export { help } from './help.ts';
