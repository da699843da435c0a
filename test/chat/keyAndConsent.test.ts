/** The key and the consent: kept where they belong, and asked for no more often than needed. */
import { describe, expect, test } from 'vitest';
import { consent, consentText, PASSING_ON_TEXT } from '../../src/chat/consent.ts';
import { keyProblem, keyStore, type Secrets } from '../../src/chat/keyStore.ts';

class FakeSecrets implements Secrets {
  readonly kept = new Map<string, string>();
  get = (name: string): Promise<string | undefined> => Promise.resolve(this.kept.get(name));
  store = (name: string, value: string): Promise<void> => Promise.resolve(void this.kept.set(name, value));
  delete = (name: string): Promise<void> => Promise.resolve(void this.kept.delete(name));
}

describe('the key', () => {
  test('is the stored one, else that of the environment, else none', async () => {
    const keys = keyStore(new FakeSecrets(), { ANTHROPIC_API_KEY: ' from-environment ' });
    expect(await keys.key()).toEqual({ value: 'from-environment', from: 'environment' });
    await keys.set(' stored ');
    expect(await keys.key()).toEqual({ value: 'stored', from: 'secretStorage' });
    await keys.set('');
    expect(await keys.key()).toMatchObject({ from: 'environment' });
    expect(await keyStore(new FakeSecrets(), {}).key()).toBeNull();
  });

  test('is one word of some length', () => {
    expect(keyProblem('')).toBeUndefined();
    expect(keyProblem('sk-ant-api03-0123456789abcdef')).toBeUndefined();
    for (const bad of ['short', 'my key is sk-ant-api03-0123456789', 'sk-ant-api03-0123456789é']) expect(keyProblem(bad)).toContain('one word');
  });
});

describe('consent', () => {
  const memory = (): { get(key: string): unknown; update(key: string, value: unknown): Promise<void> } => {
    const kept = new Map<string, unknown>();
    return { get: (key) => kept.get(key), update: (key, value) => Promise.resolve(void kept.set(key, value)) };
  };

  test('is asked once for each address it is for, and says what is sent', async () => {
    const asked: string[] = [];
    const consents = consent(memory(), (title, detail) => {
      asked.push(title);
      expect(detail).toBe(consentText('pseudonyms'));
      return Promise.resolve(true);
    });
    for (const host of ['api.anthropic.com', 'api.anthropic.com', 'gateway.example']) expect(await consents.toSendTo(host, 'pseudonyms')).toBe(true);
    expect(asked).toHaveLength(2);
    expect(asked[1]).toContain('gateway.example');
  });

  test('that was refused is asked for again', async () => {
    let answers = [false, true];
    const consents = consent(memory(), () => {
      const [first = false, ...others] = answers;
      answers = others;
      return Promise.resolve(first);
    });
    expect(await consents.toSendTo('a', 'pseudonyms')).toBe(false);
    expect(await consents.toSendTo('a', 'pseudonyms')).toBe(true);
  });
  test.each(['full', 'pseudonyms', 'metadata'] as const)('in mode %s names packet fields and messages', (privacy) => {
    expect(consentText(privacy)).toMatch(privacy === 'metadata' ? /no fields of packets and no messages/ : /fields of packets, and messages/);
  });

  test('of other agents is one of its own, and says that nothing is replaced', async () => {
    const asked: string[] = [];
    const consents = consent(memory(), (_title, detail) => {
      asked.push(detail);
      return Promise.resolve(true);
    });
    expect(await consents.toSendTo('a', 'pseudonyms')).toBe(true);
    expect(await consents.toPassOnTo('a')).toBe(true);
    expect(await consents.toPassOnTo('a')).toBe(true);
    expect(asked).toEqual([consentText('pseudonyms'), PASSING_ON_TEXT]);
    expect(PASSING_ON_TEXT).toMatch(/as it is, whatever netsec\.privacy says/);
    expect(PASSING_ON_TEXT).toContain('Nothing is replaced by tokens');
  });

  test('that is given to other agents is not given to @netsec', async () => {
    let asked = 0;
    const consents = consent(memory(), () => Promise.resolve(++asked === 1));
    expect(await consents.toPassOnTo('a')).toBe(true);
    expect(await consents.toSendTo('a', 'full')).toBe(false);
  });
});
