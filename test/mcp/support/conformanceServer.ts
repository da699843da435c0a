/** Our server over HTTP with the conformance suite's fixtures beside its own tools: `node conformanceServer.mjs FOLDER`, with the token in NETSEC_MCP_TOKEN. */
import { openCaptures } from '../../../src/mcp/openCaptures.node.ts';
import { listenHttp } from '../../../src/mcp/http.node.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { conformanceFixtures } from './conformanceFixtures.ts';

installPlatform(nodePlatform);
const { offered } = openCaptures({ roots: process.argv.slice(2), cache: false, recording: false }),
  listening = await listenHttp({
    address: '127.0.0.1:0',
    token: process.env['NETSEC_MCP_TOKEN'] ?? '',
    server: { ...offered, more: conformanceFixtures },
  });
process.stderr.write(`${listening.ok ? listening.server.url : listening.message}\n`);
