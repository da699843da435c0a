/** What the tools share that bring a capture before the user's eyes. */
import type { CaptureFile } from '../../analysis/captureFiles.ts';
import type { PageCommand } from '../../analysis/engineApi.ts';
import { ToolFailure, type ToolContext } from '../../analysis/tool.ts';

export async function show(file: CaptureFile, command: PageCommand, { showCapture }: ToolContext): Promise<void> {
  if (showCapture === undefined) throw new ToolFailure('There is no editor here to show it in; tell the user what to look at instead.');
  await showCapture(file, command);
}
