/** The views of the page, in the order of their `order`. */
export { overview } from './overview.ts';
export { findings } from './findings.ts';
export { protocols } from './protocols.ts';
export { conversations } from './conversations.ts';
export { endpoints } from './endpoints.ts';
export { services } from './services.ts';
export { graphs } from './graphs.ts';
export { files } from './files.ts';
export { packets } from './packets.ts';
