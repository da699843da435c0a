/** A Chromium to test in: the machine's own, else one from npm in our cache folder. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { runNpm } from './processTree.mts';

/** A Chromium for Linux on x64 inside an npm package; it unpacks itself. */
const CHROMIUM_PACKAGE = '@sparticuz/chromium@147.0.0';

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/microsoft-edge',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** The browser named by the environment variable CHROMIUM, else one in a usual place, else undefined. */
export function findChromium(): string | undefined {
  return [process.env['CHROMIUM'] ?? '', ...USUAL_PLACES].find((file) => file !== '' && fs.existsSync(file));
}

/** The machine's Chromium; where there is none, one fetched from npm once. Rejects where that cannot run either. */
export async function provideChromium(cacheFolder: string, say: (line: string) => void): Promise<string> {
  const found = findChromium();
  if (found !== undefined) return found;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('There is no Chromium on this machine; install one, or name it in the environment variable CHROMIUM.');
  }
  const folder = path.join(cacheFolder, 'chromium');
  const unpacked = path.join(folder, 'unpacked');
  if (!fs.existsSync(path.join(folder, 'node_modules'))) {
    say(`No Chromium on this machine; fetching ${CHROMIUM_PACKAGE} from npm, once (75 MB) ...`);
    fs.mkdirSync(unpacked, { recursive: true });
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'netsec-chromium', private: true, version: '1.0.0' }));
    await runNpm(['install', '--save-exact', '--ignore-scripts', '--no-audit', '--no-fund', CHROMIUM_PACKAGE], folder);
  }
  const module = createRequire(path.join(folder, 'package.json')).resolve('@sparticuz/chromium');
  const temporary = process.env['TMPDIR'];
  try {
    // It unpacks into the temporary folder, which others could write to; ours they cannot.
    process.env['TMPDIR'] = unpacked;
    const { default: chromium } = (await import(pathToFileURL(module).href)) as { default: { executablePath(): Promise<string> } };
    return await chromium.executablePath();
  } finally {
    if (temporary === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = temporary;
  }
}
