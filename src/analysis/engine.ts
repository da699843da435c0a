/** The engine's public surface: everything a shell may import. No host, no DOM, no Node. */
export { Analysis, type AnalysisOptions } from './analyze.ts';
export { activityOf, bytesText, countText, durationText, plural, protocolLabel } from './describe.ts';
export { detectorsWithDefaults } from './detectorOptions.ts';
export { DEFAULT_LIMIT, makeReport, truncationOf, type CaptureFile, type ReportOptions } from './makeReport.ts';
