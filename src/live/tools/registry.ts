/** The tools that record. One file each; one line here admits it. */
export { captureStatus } from './captureStatus.ts';
export { startCapture } from './startCapture.ts';
export { stopCapture } from './stopCapture.ts';
