/** What must hold for every file that is committed. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { LONGEST } from '../../scripts/longestFirst.mts';
import * as formats from '../../src/analysis/exports/registry.ts';

interface WalkthroughStep {
  readonly id: string;
  readonly description: string;
  readonly media: { readonly svg: string };
  readonly completionEvents?: readonly string[];
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const TEXT = /\.(?:ts|mts|mjs|cjs|js|json|md|css|svg|peggy|sh|py|yml)$|^\.ci\/run$/;

const files = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((file) => TEXT.test(file) && fs.existsSync(path.join(ROOT, file)));

describe('committed files', () => {
  test('name no path of a machine they were written on', () => {
    const here = path.basename(import.meta.filename);
    const telling = files.filter(
      (file) => path.basename(file) !== here && /\/work\/(?:main|shared)|\/root\/|\/Users\/\w/.test(fs.readFileSync(path.join(ROOT, file), 'utf8')),
    );
    expect(telling).toEqual([]);
  });
  test('are there under the names by which long tests are started first', () => {
    expect(LONGEST.filter((file) => !files.includes(file))).toEqual([]);
  });
  test('name no package registry', () => {
    const lock = fs.readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8');
    expect(lock).not.toContain('"resolved": "http');
  });
});

describe('the manifest', () => {
  const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    readonly engines: { readonly vscode: string };
    readonly devDependencies: Readonly<Record<string, string>>;
    readonly dependencies?: unknown;
    readonly icon: string;
    readonly contributes: { readonly walkthroughs: readonly { readonly steps: readonly WalkthroughStep[] }[] };
  };
  test('promises the VS Code whose API it is compiled against', () => {
    expect(manifest.engines.vscode).toBe(`^${manifest.devDependencies['@types/vscode']}`);
  });
  test('leaves nothing to install: what is shipped is bundled', () => {
    expect(manifest.dependencies).toBeUndefined();
  });
  test('pins every package to one version', () => {
    expect(Object.values(manifest.devDependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
  test('names files that exist', () => {
    const named = [manifest.icon, ...manifest.contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg))];
    expect(named.filter((file) => !fs.existsSync(path.join(ROOT, file)))).toEqual([]);
  });
  test('shows a new user each step in the colours of their theme, and all that can be exported', () => {
    const steps = manifest.contributes.walkthroughs.flatMap((one) => one.steps);
    for (const { id, media } of steps) {
      const colours = [...fs.readFileSync(path.join(ROOT, media.svg), 'utf8').matchAll(/(?:fill|stroke)="([^"]*)"/g)].map((match) => match[1]!);
      expect(
        colours.filter((colour) => colour !== 'none' && !colour.startsWith('var(--vscode-')),
        id,
      ).toEqual([]);
    }
    const words = steps.find(({ id }) => id === 'export')!.description.toLowerCase();
    expect(Object.values(formats).filter(({ id }) => !words.includes(id))).toEqual([]);
    // A click on a file is no command: that a capture is open is.
    expect(steps.find(({ id }) => id === 'open')!.completionEvents).toContain("onContext:activeCustomEditorId == 'netsec.capture'");
  });
  test('has the blocks that its registries generate', () => {
    // Prints which block differs, and that `npm run manifest` writes it.
    execFileSync(process.execPath, ['scripts/generateManifest.mjs', '--check'], { cwd: ROOT, stdio: 'pipe', encoding: 'utf8' });
  });
});
