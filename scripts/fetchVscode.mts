/**
 * Fetches what the integration tests will open, while the checks before them keep the processors busy. Only where it is sure to be needed, and where it
 * cannot be had nothing is said: the integration tests say so, and whether that is a failure.
 */
import path from 'node:path';
import { mayHaveDesktop, installVscodeServer } from './vscodeServer.mts';

if (!mayHaveDesktop()) {
  try {
    await installVscodeServer(path.join(import.meta.dirname, '../.cache'), console.log);
  } catch {
    // Tried again by the tests, which know what to say.
  }
}
