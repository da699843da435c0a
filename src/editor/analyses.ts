/** Analysing captures without showing them, and remembering what came out of every analysis, shown or not. */
import * as vscode from 'vscode';
import type { CaptureFile } from '../analysis/captureFiles.ts';
import { EVERYTHING, type EngineSession } from '../analysis/engineApi.ts';
import type { CaptureLibrary } from './captureLibrary.ts';
import { nameOf } from './openCapture.ts';
import { whenComplete, type Sessions } from './sessions.ts';
import { hasFailed, summaryOf, type CaptureResult, type CaptureSummary, type Summaries } from './summaries.ts';

/** Findings come worst first; more are not needed to name the worst of those nobody expects. */
const FINDINGS_LOOKED_AT = 500;

/** Where results are kept and who is told. */
export interface ResultsContext {
  readonly summaries: Summaries;
  readonly library: CaptureLibrary;
}

/** Reads all of a capture and gives its summary; shares the session of an editor that has it open. */
export async function analyzeCapture(
  uri: vscode.Uri,
  context: ResultsContext & { readonly sessions: Sessions },
  signal?: AbortSignal,
): Promise<CaptureSummary> {
  const lease = context.sessions.acquire(uri.toString());
  try {
    await whenComplete(lease.session, signal);
    return await summarize(uri, lease.session, context, signal);
  } finally {
    lease.release();
  }
}

/** Watches a session: each time all of its file has been read, its summary is remembered and the tree told; and that it cannot be read. */
export function rememberResults(uri: vscode.Uri, session: EngineSession, context: ResultsContext): void {
  let isPartlyRead = false;
  session.onEvent((event) => {
    if (event.kind === 'updated') isPartlyRead = event.packets > 0;
    const keeping =
      event.kind === 'failed' && !isPartlyRead
        ? keep(uri, { failed: event.message }, context)
        : event.kind === 'updated' && event.complete
          ? summarize(uri, session, context)
          : null;
    keeping?.catch(() => {
      // The capture was closed or deleted meanwhile; the badge waits for the next analysis.
    });
  });
}

/** What the monitor found counts as an analysis, too; one that says the same has a headline besides, and stays. */
export async function rememberMonitored(
  uri: vscode.Uri,
  result: Omit<CaptureSummary, 'headline'>,
  { summaries, library }: ResultsContext,
): Promise<void> {
  const file = await fileAt(uri),
    known = summaries.of(file);
  if (
    known !== undefined &&
    !hasFailed(known) &&
    known.packets === result.packets &&
    known.findings === result.findings &&
    known.worst === result.worst
  )
    return;
  await summaries.remember(file, { ...result, headline: null });
  library.refresh();
}

async function summarize(
  uri: vscode.Uri,
  session: EngineSession,
  { summaries, library }: ResultsContext,
  signal?: AbortSignal,
): Promise<CaptureSummary> {
  // The size before the report: a file that grows in between counts as changed.
  const file = await fileAt(uri);
  const summary = summaryOf(await session.call('report', { selection: EVERYTHING, limit: FINDINGS_LOOKED_AT }, signal));
  await summaries.remember(file, summary);
  library.refresh();
  return summary;
}

async function keep(uri: vscode.Uri, result: CaptureResult, { summaries, library }: ResultsContext): Promise<void> {
  await summaries.remember(await fileAt(uri), result);
  library.refresh();
}

async function fileAt(uri: vscode.Uri): Promise<CaptureFile> {
  const { size, mtime } = await vscode.workspace.fs.stat(uri);
  return { location: uri.toString(), name: nameOf(uri), bytes: size, modifiedMs: mtime };
}
