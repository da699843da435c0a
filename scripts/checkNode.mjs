/** Says in one sentence which Node is missing, before anything fails in a way that needs explaining. Runs on any Node. */
const wanted = 24;
const major = Number(process.versions.node.split('.')[0]);
if (major < wanted) {
  console.error(
    `Netsec is built and tested with Node ${wanted} or newer and this is Node ${process.versions.node}: ` +
      'run "npm ci" without --omit=optional (on Linux it brings Node 24 along), or install Node 24 and run this again.',
  );
  process.exit(1);
}
