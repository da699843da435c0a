/** A registry is its folder: each file is admitted by one line, and each line has its file. Nothing is dead, nothing forgotten. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Folder -> what the values in it are declared as. */
const REGISTRIES: Readonly<Record<string, string>> = {
  'src/pcap/formats': 'CaptureFormat',
  'src/pcap/dissectors': 'Dissector',
  'src/analysis/detectors': 'Detector',
  'src/analysis/detectors/exploits': 'Exploit',
  'src/analysis/exports': 'ReportExport',
  'src/analysis/statistics': 'Statistic',
  'src/analysis/tools': 'Tool',
  'src/editor/tools': 'Tool',
  'src/live/tools': 'Tool',
  'src/chat/commands': 'Command',
  'src/chat/questions': 'PlainQuestion',
  'media/views': 'View',
};

const LINE = /^export \{ ([\w, ]+) \} from '\.\/([\w./]+)';$/;

interface Line {
  readonly names: readonly string[];
  readonly file: string;
}

function read(...parts: string[]): string {
  return fs.readFileSync(path.join(ROOT, ...parts), 'utf8');
}

/** The lines of a registry; anything else in it but comments and blank lines fails. */
function linesOf(folder: string): Line[] {
  const text = read(folder, 'registry.ts').replace(/\/\*[\s\S]*?\*\//g, '');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('//'))
    .map((line) => {
      const match = LINE.exec(line);
      if (match === null) throw new Error(`${folder}/registry.ts holds more than lines of export: ${line}`);
      return { names: match[1]!.split(', '), file: match[2]! };
    });
}

function sourceFiles(folder: string): string[] {
  return fs
    .readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && name !== 'registry.ts')
    .sort();
}

/** Every file that another one imports. */
const imported = new Set(
  ['src', 'media'].flatMap((top) =>
    fs
      .readdirSync(path.join(ROOT, top), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        [...read(top, file).matchAll(/from '(\.[^']+)'|import '(\.[^']+)'/g)].map((match) =>
          path.resolve(ROOT, top, path.dirname(file), match[1] ?? match[2]!),
        ),
      ),
  ),
);

const present = Object.entries(REGISTRIES).filter(([folder]) => fs.existsSync(path.join(ROOT, folder, 'registry.ts')));

describe.each(present)('the registry of %s', (folder, kind) => {
  const lines = linesOf(folder);
  const declared = new RegExp(`^export const (\\w+)(?:: \\w*${kind}\\w*\\b|(?:: [^=]+)? = define\\w*${kind}\\()`, 'gm');

  test('has a file for each line, and what the line names is in it', () => {
    for (const { names, file } of lines) {
      const text = read(folder, file);
      for (const name of names) expect(text, `${folder}/${file}`).toMatch(new RegExp(`^export (?:const|function|class) ${name}\\b`, 'm'));
    }
  });

  test('has each file on one line only', () => {
    const files = lines.map(({ file }) => file);
    expect(files).toEqual([...new Set(files)]);
  });

  test(`admits every ${kind} of the folder`, () => {
    const admitted = new Set(lines.flatMap(({ names }) => names));
    const forgotten = sourceFiles(folder).flatMap((file) =>
      [...read(folder, file).matchAll(declared)]
        .map((match) => match[1]!)
        .filter((name) => !admitted.has(name))
        .map((name) => `${file}: ${name}`),
    );
    expect(forgotten).toEqual([]);
  });

  test('has helpers beside it only where something uses them', () => {
    const admitted = new Set(lines.map(({ file }) => file));
    const unused = sourceFiles(folder).filter((file) => !admitted.has(file) && !imported.has(path.join(ROOT, folder, file)));
    expect(unused).toEqual([]);
  });
});

test('the registries of the engine are there', () => {
  expect(present.map(([folder]) => folder)).toEqual(expect.arrayContaining(['src/pcap/formats', 'src/pcap/dissectors', 'src/analysis/detectors']));
});
