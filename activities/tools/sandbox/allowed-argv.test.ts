import { describe, expect, test } from '@jest/globals';
import { allowedArgv } from './sandbox-tools.ts';

const PROGRAMS = ['ls', 'grep'];

describe('a command of a limited shell', () => {
  test.each([
    { command: 'ls', argv: ['ls'] },
    { command: '  ls   -la  src/a.ts ', argv: ['ls', '-la', 'src/a.ts'] },
    { command: `grep 'a b; $(c)' "d e"`, argv: ['grep', 'a b; $(c)', 'd e'] },
    { command: `grep a'b'"c" ''`, argv: ['grep', 'abc', ''] },
  ])('$command starts $argv', ({ command, argv }) => {
    expect(allowedArgv(command, PROGRAMS)).toEqual(argv);
  });

  test.each([
    'rm -rf .',
    '/bin/ls',
    '',
    'ls; rm x',
    'ls | sh',
    'ls && rm x',
    'ls $(rm x)',
    'ls `rm x`',
    'ls > x',
    'ls "$HOME"',
    'ls "a`rm x`"',
    'ls *',
    'ls \\; rm',
    "ls 'open",
    'ls \n rm x\n;',
    'X=1 ls',
  ])('%s is refused', (command) => {
    expect(() => allowedArgv(command, PROGRAMS)).toThrow(
      expect.objectContaining({ code: 'tool.refused' }),
    );
  });
});
