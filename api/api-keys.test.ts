import { expect, test } from '@jest/globals';
import { createAuthenticator } from './api-keys.ts';
import type { ApiKeyStore } from '../db/stores/api-key-store.ts';
import type { Principal } from '../contracts/records.ts';

const PRINCIPAL: Principal = { apiKeyId: 'key_1', workspaceId: 'ws_1', role: 'viewer' };

function fakeKeys(): ApiKeyStore & { lookups: number; revoked: boolean } {
  const unused = () => Promise.reject(new Error('not used here'));
  const fake = {
    lookups: 0,
    revoked: false,
    create: unused,
    revoke: unused,
    list: unused,
    find: async (text: string) => {
      fake.lookups += 1;
      return text === 'good' && !fake.revoked ? PRINCIPAL : null;
    },
  };
  return fake;
}

test.each([
  [{ authorization: 'Bearer good' }],
  [{ authorization: 'bearer good' }],
  [{ 'x-api-key': 'good' }],
])('takes a key from %j', async (headers) => {
  await expect(createAuthenticator(fakeKeys(), 1_000).authenticate(headers)).resolves.toEqual(
    PRINCIPAL,
  );
});

test.each([
  [{}, 'auth.missing'],
  [{ authorization: 'Basic Z29vZA==' }, 'auth.invalid'],
  [{ authorization: 'Bearer' }, 'auth.invalid'],
  [{ authorization: 'Bearer bad' }, 'auth.invalid'],
  [{ 'x-api-key': 'go od' }, 'auth.invalid'],
  [{ 'x-api-key': 'g\u0000' }, 'auth.invalid'],
  [{ 'x-api-key': 'g'.repeat(10_000) }, 'auth.invalid'],
])('refuses %j', async (headers, code) => {
  await expect(createAuthenticator(fakeKeys(), 1_000).authenticate(headers)).rejects.toMatchObject({
    code,
  });
});

test('asks the store once for a good key, and each time for a bad one', async () => {
  const keys = fakeKeys();
  const authenticator = createAuthenticator(keys, 60_000);
  for (let turn = 0; turn < 5; turn += 1) await authenticator.authenticate({ 'x-api-key': 'good' });
  expect(keys.lookups).toBe(1);
  for (let turn = 0; turn < 3; turn += 1) {
    await authenticator.authenticate({ 'x-api-key': 'bad' }).catch(() => undefined);
  }
  expect(keys.lookups).toBe(4);
});

test('forgets a revoked key as soon as somebody looks', async () => {
  const keys = fakeKeys();
  const authenticator = createAuthenticator(keys, 60_000);
  const headers = { 'x-api-key': 'good' };
  await authenticator.authenticate(headers);
  keys.revoked = true;
  expect(await authenticator.isStillValid(headers)).toBe(false);
  await expect(authenticator.authenticate(headers)).rejects.toMatchObject({ code: 'auth.invalid' });
});
