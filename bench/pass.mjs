/**
 * One pass over a capture and its report, with the detectors or without: `node pass.mjs BUNDLE CAPTURE with|without`. What the detectors cost is the difference,
 * the reading of what only they listen to included.
 */
import { pathToFileURL } from 'node:url';

const [bundle, file, detectors] = process.argv.slice(2);
const engine = await import(pathToFileURL(bundle).href);
engine.installPlatform(engine.nodePlatform);
engine.holdYoungGeneration();
const opened = await engine.openCaptureFile({ kind: 'path', path: file }, {});
if (!opened.ok) throw new Error(opened.message);
const { capture } = opened;
const analysis = new engine.Analysis(capture.source, capture.format, {
  services: true,
  detectors: detectors === 'with' ? engine.detectorsWithDefaults() : [],
});
await analysis.advance();
engine.makeReport(analysis, { ...capture.file, sha256: null }, { version: 'bench' });
await capture.close();
