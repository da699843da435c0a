/** The findings of captures that are open in an editor, in the Problems panel: as many as the setting `netsec.findingsInProblems` says. */
import * as vscode from 'vscode';
import { EVERYTHING, type EngineSession } from '../analysis/engineApi.ts';
import { findingProblems, type FindingProblem } from './findingProblems.ts';

const SETTING = 'findingsInProblems';
/** The gravest findings of a report; none beyond them can be among the problems, unless all before them are expected. */
const FINDINGS_LOOKED_AT = 1000;
/** A capture that grows says so several times a second. */
const SETTLE_MS = 300;

/** Shows the finding in the capture's editor; the same command serves the links of an answer in Chat. */
const SHOW = 'netsec.openEvidence';

export interface ProblemsPanel {
  /** Keeps the problems of a capture up to date, until the returned function is called, which takes them out. */
  watch(uri: vscode.Uri, session: EngineSession): () => void;
  dispose(): void;
}

export function problemsPanel(): ProblemsPanel {
  const collection = vscode.languages.createDiagnosticCollection('netsec');
  const refreshers = new Set<() => void>();
  const listening = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`netsec.${SETTING}`)) for (const refresh of refreshers) refresh();
  });
  return {
    watch(uri, session) {
      let timer: NodeJS.Timeout | undefined,
        isOver = false,
        round = 0;
      const show = async (): Promise<void> => {
        const level = vscode.workspace.getConfiguration('netsec', uri).get<unknown>(SETTING, 'off'),
          mine = ++round;
        // Whoever shows no problems does not pay for a report.
        const problems =
          level === 'off'
            ? []
            : findingProblems((await session.call('report', { selection: EVERYTHING, limit: FINDINGS_LOOKED_AT })).findings, level);
        if (!isOver && mine === round)
          collection.set(
            uri,
            problems.map((one) => diagnosticOf(uri, one)),
          );
      };
      const refresh = (): void => {
        clearTimeout(timer);
        // A session that failed has said so itself.
        timer = setTimeout(() => void show().catch(() => collection.delete(uri)), SETTLE_MS);
      };
      const stop = session.onEvent((event) => {
        if (event.kind === 'updated' && event.complete) refresh();
        else if (event.kind === 'failed') collection.delete(uri);
      });
      refreshers.add(refresh);
      return () => {
        isOver = true;
        clearTimeout(timer);
        stop();
        refreshers.delete(refresh);
        collection.delete(uri);
      };
    },
    dispose() {
      listening.dispose();
      collection.dispose();
    },
  };
}

const SEVERITY = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
} as const;

function diagnosticOf(uri: vscode.Uri, { finding, detector, severity, message, frame }: FindingProblem): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(new vscode.Range(frame - 1, 0, frame - 1, 0), message, SEVERITY[severity]);
  const place = encodeURIComponent(JSON.stringify([{ capture: uri.toString(), finding }]));
  diagnostic.source = 'netsec';
  // A click on the problem opens the capture; only the link of its code can say which finding.
  diagnostic.code = { value: detector, target: vscode.Uri.parse(`command:${SHOW}?${place}`) };
  return diagnostic;
}
