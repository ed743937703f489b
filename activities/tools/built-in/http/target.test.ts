import { describe, expect, test } from '@jest/globals';
import { checkTarget } from './target.ts';
import { isPublicAddress } from './address.ts';

const NOTHING = new Set<string>();

describe('checkTarget', () => {
  test.each([
    ['http://127.0.0.1/', 'not public'],
    ['http://2130706433/', 'not public'],
    ['http://017700000001/', 'not public'],
    ['http://0x7f000001/', 'not public'],
    ['http://127.1/', 'not public'],
    ['http://0/', 'not public'],
    ['http://①②⑦.⓪.⓪.①/', 'not public'],
    ['http://10.0.0.8/', 'not public'],
    ['http://172.16.3.4/', 'not public'],
    ['http://192.168.1.1/', 'not public'],
    ['http://100.64.0.1/', 'not public'],
    ['http://169.254.169.254/latest/meta-data', 'not public'],
    ['http://224.0.0.1/', 'not public'],
    ['http://255.255.255.255/', 'not public'],
    ['http://[::1]/', 'not public'],
    ['http://[::]/', 'not public'],
    ['http://[::ffff:127.0.0.1]/', 'not public'],
    ['http://[::7f00:1]/', 'not public'],
    ['http://[64:ff9b::7f00:1]/', 'not public'],
    ['http://[64:ff9b:1::1]/', 'not public'],
    ['http://[2002:7f00:1::]/', 'not public'],
    ['http://[2001:db8::1]/', 'not public'],
    ['http://[2001::1]/', 'not public'],
    ['http://[fe80::1]/', 'not public'],
    ['http://[fc00::1]/', 'not public'],
    ['http://[ff02::1]/', 'not public'],
    ['http://example.com@127.0.0.1/', 'user name'],
    ['http://user:secret@example.com/', 'user name'],
    ['http://example.com:22/', 'port 22'],
    ['http://example.com:6379/', 'port 6379'],
    ['https://example.com:25/', 'port 25'],
    ['data:text/plain,hello', 'only http'],
    ['file:///etc/passwd', 'only http'],
    ['gopher://example.com/', 'only http'],
    ['ftp://example.com/', 'only http'],
    ['javascript:alert(1)', 'only http'],
    ['example.com', 'not valid'],
    ['http://', 'not valid'],
    [`http://example.com/${'x'.repeat(5_000)}`, 'longer than'],
  ])('refuses %s', (url, reason) => {
    expect(() => checkTarget(url, NOTHING)).toThrow(reason);
  });

  test.each(['http://example.com/', 'https://example.com:8443/a?b', 'http://93.184.215.14/'])(
    'lets %s pass',
    (url) => {
      expect(checkTarget(url, NOTHING).href).toBe(url);
    },
  );

  test('exempts exactly the host and port that the operator allows', () => {
    const allow = new Set(['127.0.0.1:8099']);
    expect(checkTarget('http://127.0.0.1:8099/x', allow).port).toBe('8099');
    expect(() => checkTarget('http://127.0.0.1:8098/x', allow)).toThrow('not allowed');
    expect(() => checkTarget('http://127.0.0.2:8099/x', allow)).toThrow('not allowed');
    expect(() => checkTarget('http://a@127.0.0.1:8099/x', allow)).toThrow('user name');
  });
});

test.each([
  ['8.8.8.8', true],
  ['2606:4700::1111', true],
  ['::ffff:8.8.8.8', true],
  ['::ffff:10.0.0.1', false],
  ['fe80::1%eth0', false],
  ['not an address', false],
  ['', false],
])('judges whether %s is public', (address, expected) => {
  expect(isPublicAddress(address)).toBe(expected);
});
