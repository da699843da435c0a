/** Skills, prompts and agents for VS Code's agent mode are texts about our tools: what they name has to exist. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import * as analysisTools from '../../src/analysis/tools/registry.ts';
import * as detectors from '../../src/analysis/detectors/registry.ts';
import * as editorTools from '../../src/editor/tools/registry.ts';
import manifest from '../../package.json' with { type: 'json' };

const ROOT = path.resolve(import.meta.dirname, '../..');
const { chatSkills, chatPromptFiles, chatAgents } = manifest.contributes;
const contributed = [...chatSkills, ...chatPromptFiles, ...chatAgents].map((each) => path.normalize(each.path));
const texts = fs
  .readdirSync(path.join(ROOT, 'media/agent'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => path.join('media/agent', file));

const tools = new Set([...Object.values(analysisTools), ...Object.values(editorTools)].map(({ name }) => name));
const detectorIds = new Set<string>(Object.values(detectors).map(({ id }) => id));
/** Words in code marks that are neither tools nor detectors: parameters of tools and their values, protocols, names of skills. */
const OTHERS = /^(?:of|dns|tls|http|quality|coverage|breakdown|overview|clean|incident-report)$/;

test('package.json contributes every text, and no other', () => {
  expect([...contributed].sort()).toEqual([...texts].sort());
});

describe.each(texts)('%s', (file) => {
  const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
  const head = /^---\n([\s\S]*?)\n---\n/.exec(text)?.[1] ?? '';

  test('has a name, the one VS Code finds it by, and a description', () => {
    const name = /^name: (.+)$/m.exec(head)?.[1];
    expect(head).toMatch(/^description: .{20,}$/m);
    if (file.endsWith('SKILL.md')) expect(name).toBe(path.basename(path.dirname(file)));
    if (file.endsWith('.prompt.md')) expect(name).toBe(path.basename(file, '.prompt.md'));
  });

  test('names only tools and detectors that exist', () => {
    const named = [...text.matchAll(/`([a-z][a-z_-]+)`/g)].map((match) => match[1]!).filter((word) => !OTHERS.test(word));
    expect(named.filter((word) => !tools.has(word) && !detectorIds.has(word))).toEqual([]);
  });
});

test('the agent may use all of our tools, whichever way they reach it, and nothing else', () => {
  const text = fs.readFileSync(path.join(ROOT, chatAgents[0]!.path), 'utf8');
  const listed = [...text.matchAll(/^  - (.+)$/gm)].map((match) => match[1]!);
  // The server's tools by its label, those of the extension by its id: https://code.visualstudio.com/docs/copilot/customization/custom-agents
  expect(listed).toEqual(['netsec/*', ...manifest.contributes.languageModelTools.map((tool) => `netsec.netsec/${tool.toolReferenceName}`)]);
});
