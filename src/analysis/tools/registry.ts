/** The tools of the analysis. One file each; one line here admits it. */
export { analyzeNetwork } from './analyzeNetwork.ts';
export { listCaptures } from './listCaptures.ts';
