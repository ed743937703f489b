import { expect, test } from '@jest/globals';
import { reachableUrl } from './reachable-url.ts';

test.each([
  ['127.0.0.1', '127.0.0.1', 'http://127.0.0.1:7400'],
  ['localhost', '127.0.0.1', 'http://localhost:7400'],
  ['box.example', '10.0.0.7', 'http://box.example:7400'],
  ['::1', '::1', 'http://[::1]:7400'],
  ['0.0.0.0', '0.0.0.0', 'http://127.0.0.1:7400'],
  ['0', '0.0.0.0', 'http://127.0.0.1:7400'],
  ['::', '::', 'http://localhost:7400'],
  ['0:0::0', '::', 'http://localhost:7400'],
])('a server at %s, bound to %s, is reached at %s', (host, boundTo, url) => {
  expect(reachableUrl(host, boundTo, 7_400)).toBe(url);
});
