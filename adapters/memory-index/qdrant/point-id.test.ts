import { expect, test } from '@jest/globals';
import { pointIdOf } from './point-id.ts';

test('an entry has one point in each generation of each workspace', () => {
  const id = pointIdOf('ws_1', '0', 'mem_1');
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(pointIdOf('ws_1', '0', 'mem_1')).toBe(id);
  const others = [
    pointIdOf('ws_2', '0', 'mem_1'),
    pointIdOf('ws_1', '1', 'mem_1'),
    pointIdOf('ws_1', '0', 'mem_2'),
    pointIdOf('ws_1', '', '0mem_1'),
  ];
  expect(new Set([id, ...others]).size).toBe(5);
});
