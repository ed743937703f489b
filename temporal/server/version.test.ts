import { describe, expect, test } from '@jest/globals';
import { isNewEnough, parseVersion } from './version.ts';

describe('the version line of a temporal binary', () => {
  test.each([
    ['temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)', { cli: '1.8.2', server: '1.31.2' }],
    ['temporal version 1.10.0-rc.1 (Server 1.40.0-1, UI 3)', { cli: '1.10.0', server: '1.40.0' }],
    ['temporal version 1.31.2', undefined],
    ['command not found', undefined],
    ['', undefined],
  ])('is read from %j', (line, version) => {
    expect(parseVersion(line)).toEqual(version);
  });

  test.each([
    ['1.5.0', '1.29.0', true],
    ['1.5.1', '1.29.1', true],
    ['1.10.0', '1.31.2', true],
    ['2.0.0', '2.0.0', true],
    ['1.4.9', '1.31.2', false],
    ['1.5.0', '1.28.9', false],
    ['1.9.0', '1.9.0', false],
  ])('CLI %s with server %s is new enough: %s', (cli, server, expected) => {
    expect(isNewEnough({ cli, server })).toBe(expected);
  });
});
