/** The commands, in the order of the help. One file each; one line here admits it. */
export { analyze } from './analyze.ts';
export { ask } from './ask.ts';
export { list } from './list.ts';
export { packets } from './packets.ts';
export { packet } from './packet.ts';
export { services } from './services.ts';
export { files } from './files.ts';
export { graph } from './graph.ts';
export { compare } from './compare.ts';
export { textconv } from './textconv.ts';
export { capture } from './capture.ts';
export { watch } from './watch.ts';
export { mcp } from './mcp.ts';
export { cache } from './cache.ts';
