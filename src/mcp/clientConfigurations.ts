/** What other MCP clients want in their configuration to start our server: text that is pasted as it is. */

export interface StartedAs {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface ClientConfiguration {
  readonly id: string;
  /** Clients that take it. */
  readonly label: string;
  /** Where it goes. */
  readonly detail: string;
  readonly text: (started: StartedAs, platform: NodeJS.Platform) => string;
}

const NAME = 'netsec';

export const CLIENT_CONFIGURATIONS: readonly ClientConfiguration[] = [
  {
    id: 'json',
    label: 'Claude Desktop, Cursor, Windsurf, Gemini CLI',
    detail: 'claude_desktop_config.json, .cursor/mcp.json, mcp_config.json, .gemini/settings.json',
    text: ({ program, args, env }) => `${JSON.stringify({ mcpServers: { [NAME]: { command: program, args, env } } }, null, 2)}\n`,
  },
  {
    id: 'claude-code',
    label: 'Claude Code',
    detail: 'a command for the terminal',
    text: ({ program, args, env }, platform) =>
      `${['claude', 'mcp', 'add', NAME, ...Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]), '--', program, ...args]
        .map((word) => quoted(word, platform))
        .join(' ')}\n`,
  },
  {
    id: 'codex',
    label: 'Codex',
    detail: '~/.codex/config.toml',
    text: ({ program, args, env }) =>
      `[mcp_servers.${NAME}]\ncommand = ${toml(program)}\nargs = [${args.map(toml).join(', ')}]\nenv = { ${Object.entries(env)
        .map(([name, value]) => `${name} = ${toml(value)}`)
        .join(', ')} }\n`,
  },
  {
    id: 'vscode',
    label: 'VS Code without this extension, Visual Studio',
    detail: '.vscode/mcp.json, .mcp.json',
    text: ({ program, args, env }) => `${JSON.stringify({ servers: { [NAME]: { type: 'stdio', command: program, args, env } } }, null, 2)}\n`,
  },
];

/** One word for the shell that people have there. */
function quoted(word: string, platform: NodeJS.Platform): string {
  if (/^[\w@%+=:,./-]+$/.test(word) && platform !== 'win32') return word;
  if (/^[\w@+=:,./\\-]+$/.test(word) && platform === 'win32') return word;
  // PowerShell, where a single quote is doubled; elsewhere it is closed, escaped and opened again.
  return platform === 'win32' ? `'${word.replaceAll("'", "''")}'` : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A basic string of TOML has JSON's escapes; DEL, which JSON leaves, it does not allow. */
function toml(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}
