/** Where a Chromium is on this machine. */
import fs from 'node:fs';

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
