/** Adds up the results that vitest wrote as JSON and prints `N passed, N failed` alone on a line; fails when one failed or none ran. */
import fs from 'node:fs';

let passed = 0;
let failed = 0;
for (const file of process.argv.slice(2)) {
  if (!fs.existsSync(file)) {
    console.error(`${file} is missing: these tests did not run.`);
    failed += 1;
    continue;
  }
  const { numPassedTests, numFailedTests, numFailedTestSuites, success } = JSON.parse(fs.readFileSync(file, 'utf8'));
  passed += numPassedTests;
  // A file that fails before its tests start has no failed test to count.
  failed += Math.max(numFailedTests, success ? 0 : numFailedTestSuites, success ? 0 : 1);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
