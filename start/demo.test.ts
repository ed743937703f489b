import { expect, test } from '@jest/globals';
import { toConfig } from '../runtime/config.ts';
import { withDemoTools } from './demo.ts';

const config = toConfig({
  HOLDFAST_HTTP_ALLOW: 'wiki.test:80',
  HOLDFAST_SANDBOX_PRIVATE_HOSTS: 'db.test',
});

test.each([
  { stage: null, port: 7480 },
  { stage: { pagesUrl: 'http://127.0.0.1:5000', pagesHost: '127.0.0.1:5000' }, port: 5000 },
])('opens the port $port of the pages and nothing else of this machine', ({ stage, port }) => {
  const { tools, sandboxes } = withDemoTools(config, stage);
  expect(tools.httpAllowHosts).toEqual(['wiki.test:80', `127.0.0.1:${port}`]);
  expect(sandboxes.privateHosts).toEqual(['db.test', `harbour.localhost:${port}`]);
});
