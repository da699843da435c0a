// Test-only extension: runs the function a test posts to it, with VS Code's API in its hand, and answers with what it returns.
const vscode = require('vscode');
const fs = require('node:fs');
const http = require('node:http');

const AsyncFunction = (async () => undefined).constructor;

async function run(body) {
  try {
    const { code, args } = JSON.parse(body);
    return { ok: true, result: await new AsyncFunction('vscode', 'args', code)(vscode, args) };
  } catch (error) {
    return { ok: false, message: String(error?.message ?? error) };
  }
}

exports.activate = (context) => {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', async () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(await run(body)));
    });
  });
  server.listen(0, '127.0.0.1', () => {
    // Written aside and renamed, so that the test never reads half a number.
    const file = process.env.NETSEC_TEST_PORT_FILE;
    fs.writeFileSync(`${file}.new`, String(server.address().port));
    fs.renameSync(`${file}.new`, file);
  });
  context.subscriptions.push({ dispose: () => server.close() });
};
