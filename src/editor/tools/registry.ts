/** The tools that show something in the editor. One file each; one line here admits it. */
export { applyFilter } from './applyFilter.ts';
export { goToFrame } from './goToFrame.ts';
export { openCapture } from './openCapture.ts';
export { showFinding } from './showFinding.ts';
