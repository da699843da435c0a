/**
 * Writes the blocks of package.json that mirror a registry: the settings `netsec.detectors.<id>.<option>`, from the
 * options that each detector declares, the slash commands of `@netsec`, and the language-model tools. `--check` writes nothing and fails when they differ.
 */
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.join(import.meta.dirname, '..');
const manifestFile = path.join(root, 'package.json');
const PREFIX = 'netsec.detectors.';

/** The values of a registry and the zod that made their schemas, read through a bundle because Node takes our .ts files for CommonJS. */
async function loadRegistry(registry) {
  const outfile = path.join(root, '.cache/manifest', `${registry.replaceAll('/', '-')}.mjs`);
  await build({
    stdin: { contents: `export * as registry from './${registry}';\nexport { toJSONSchema } from 'zod';`, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
  });
  const { registry: values, toJSONSchema } = await import(pathToFileURL(outfile).href);
  return { values: Object.values(values), toJSONSchema };
}

/** One setting per option of each detector: type, default and bounds come from the option's schema. */
export async function detectorSettings() {
  if (!fs.existsSync(path.join(root, 'src/analysis/detectors/registry.ts'))) return {};
  const { values, toJSONSchema } = await loadRegistry('src/analysis/detectors/registry.ts');
  const settings = values.flatMap((detector) => {
    const { properties = {} } = toJSONSchema(detector.options, { io: 'input' });
    return Object.entries(properties).map(([option, { description, ...schema }]) => [
      `${PREFIX}${detector.id}.${option}`,
      { ...schema, scope: 'resource', ...(description === undefined ? {} : { markdownDescription: description }) },
    ]);
  });
  return Object.fromEntries(settings.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The slash commands, in the order of their registry. */
async function chatCommands() {
  const { values } = await loadRegistry('src/chat/commands/registry.ts');
  return values.map(({ id, description }) => ({ name: id, description }));
}

/** Folder of a registry of tools -> when its tools are there; without it, always. */
const TOOL_REGISTRIES = {
  'src/editor/tools': undefined,
  'src/live/tools': undefined,
  'src/analysis/tools': "netsec.agentToolsVia == 'languageModel'",
};

/** What agents of VS Code are told of a tool. The names are those of src/editor/languageModelTools.ts. */
async function languageModelTools() {
  const tools = [];
  for (const [folder, when] of Object.entries(TOOL_REGISTRIES)) {
    if (!fs.existsSync(path.join(root, folder, 'registry.ts'))) continue;
    const { values, toJSONSchema } = await loadRegistry(`${folder}/registry.ts`);
    for (const { name, title, description, input, effect } of values) {
      if (effect === 'writes-file') continue;
      const inputSchema = toJSONSchema(input, { io: 'input' });
      delete inputSchema.$schema;
      tools.push({
        name: `netsec_${name}`,
        displayName: title,
        toolReferenceName: `netsec_${name}`,
        canBeReferencedInPrompt: true,
        userDescription: description.split('. ')[0],
        modelDescription: description,
        ...(when === undefined ? {} : { when }),
        inputSchema,
      });
    }
  }
  return tools;
}

const manifest = JSON.parse(fs.readFileSync(manifestFile, 'utf8'));
const { properties } = manifest.contributes.configuration[0];
const byHand = Object.fromEntries(Object.entries(properties).filter(([name]) => !name.startsWith(PREFIX)));
manifest.contributes.configuration[0].properties = { ...byHand, ...(await detectorSettings()) };
manifest.contributes.chatParticipants[0].commands = await chatCommands();
manifest.contributes.languageModelTools = await languageModelTools();
const text = `${JSON.stringify(manifest, null, 2)}\n`;

if (process.argv.includes('--check')) {
  // Compared as values: how the file is laid out is the formatter's business.
  if (JSON.stringify(JSON.parse(fs.readFileSync(manifestFile, 'utf8'))) !== JSON.stringify(manifest)) {
    console.error('The settings, slash commands or language-model tools in package.json are not those of their registries; run "npm run manifest".');
    process.exit(1);
  }
} else {
  fs.writeFileSync(manifestFile, text);
}
