/**
 * Names the tests that passed only when they were run again, and why they failed before. CI runs each test that fails a second time, since its machine stands still now and then; what
 * was named is looked into all the same, and `MOST` of them in one run are no accident any more.
 */
import type { Reporter, TestCase } from 'vitest/node';

const MOST = 3;

export class SecondTries implements Reporter {
  readonly #names: string[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky !== true) return;
    const first = test.result().errors?.[0];
    this.#names.push(
      `${test.module.relativeModuleId} > ${test.fullName}\n  ${(first?.message ?? 'no reason given').slice(0, 1500)}\n  ${first?.stacks?.[0]?.file ?? ''}:${first?.stacks?.[0]?.line ?? ''}`,
    );
  }

  onTestRunEnd(): void {
    for (const name of this.#names) console.log(`second try: ${name}`);
    if (this.#names.length <= MOST) return;
    console.error(`${this.#names.length} tests needed a second try; more than ${MOST} are no accident.`);
    process.exitCode = 1;
  }
}
