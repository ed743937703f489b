import { expect, test } from '@jest/globals';
import { parseTarget } from './host.ts';
import { PRESETS } from './presets.ts';
import { compileRules } from './rules.ts';

const allows = (rule: string, authority: string): boolean => {
  const target = parseTarget(authority, 443);
  return target !== null && compileRules([rule], PRESETS)(target);
};

test.each([
  ['api.example.com', 'api.example.com:443', true],
  ['api.example.com', 'api.example.com:80', true],
  ['api.example.com', 'api.example.com:8443', false],
  ['api.example.com', 'x.api.example.com', false],
  ['api.example.com', 'apixexample.com', false],
  ['API.Example.COM.', 'api.example.com', true],
  ['api.example.com', 'API.EXAMPLE.COM.', true],
  ['*.example.com', 'a.example.com', true],
  ['*.example.com', 'a.b.example.com', true],
  ['*.example.com', 'example.com', false],
  ['*.example.com', 'evilexample.com', false],
  ['*.example.com:8443', 'a.example.com:8443', true],
  ['*.example.com:8443', 'a.example.com:443', false],
  ['10.0.0.1:80', '10.0.0.1:80', true],
  ['[2001:DB8::1]', '[2001:db8:0::1]:443', true],
  ['[::ffff:10.0.0.1]', '10.0.0.1', true],
  ['pypi', 'pypi.org:443', true],
  ['pypi', 'pypi.org:80', false],
  ['github', 'gist.github.com', false],
])('%s of a policy, for %s: %s', (rule, authority, expected) => {
  expect(allows(rule, authority)).toBe(expected);
});

test.each([
  '',
  '*',
  '*.',
  '*.com',
  '*.10.0.0.1',
  'a b',
  'http://x.test',
  'x.test:0',
  'x.test:99999',
])('refuses the rule "%s"', (rule) => {
  expect(() => compileRules([rule], PRESETS)).toThrow(/no network rule/);
});

test.each([
  ...['user@host.test', 'host.test:', 'host.test:80:80', '127.1', '0x7f.0.0.1', '2130706433'],
  ...['host..test', '.test', '-a.test', `${'a'.repeat(64)}.test`, `${'a.'.repeat(130)}test`],
  ...['[::1', '::1', '[fe80::1%eth0]', 'ho st', 'hö.test', 'host.test/', '%31.test', '0177.0.0.1'],
])('takes "%s" for no host', (authority) => {
  expect(parseTarget(authority, 443)).toBeNull();
});
