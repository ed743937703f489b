import { AppError } from '../../../contracts/app-error.ts';
import { CODE_LANGUAGES, cellArgv, kernelArgv } from '../../sandbox/code-cell.ts';
import { textOf } from '../built-in/text-argument.ts';
import { runCommand } from './command-report.ts';
import type { JsonObject, JsonSchema } from '../../../contracts/json.ts';
import type { RunSandboxes } from '../../sandbox/run-sandboxes.ts';
import type { Tool } from '../tool.ts';

const DEFAULT_SECONDS = { code: 120, bash: 30 } as const;
const MAX_SECONDS = 1_800;
/** Beyond the longest command: starting a sandbox, transferring files. */
const TOOL_TIMEOUT_MS = (MAX_SECONDS + 120) * 1_000;
const MAX_CODE_CHARS = 200_000;

const TIMEOUT: JsonSchema = {
  type: 'integer',
  minimum: 1,
  maximum: MAX_SECONDS,
  description: 'Seconds after which it is stopped.',
};

/** Tools that run what a model writes in the run's sandbox. */
export function createSandboxTools(sandboxes: RunSandboxes): readonly Tool[] {
  return [runCodeTool(sandboxes), bashTool(sandboxes)];
}

function runCodeTool(sandboxes: RunSandboxes): Tool {
  return {
    ...KEYED,
    name: 'run_code',
    description:
      'Runs code in a sandbox. Variables and files stay for the next call. The value of a last ' +
      'expression is printed. Files are relative to the working folder.',
    parameters: {
      type: 'object',
      properties: {
        language: { type: 'string', enum: [...CODE_LANGUAGES] },
        code: { type: 'string', maxLength: MAX_CODE_CHARS },
        timeoutSeconds: TIMEOUT,
      },
      required: ['language', 'code'],
      additionalProperties: false,
    },
    execute: (args, context) => {
      const language = CODE_LANGUAGES.find((known) => known === args['language']) ?? 'python';
      const { image } = context.sandbox;
      return runCommand(sandboxes, context, {
        image: language === 'javascript' && image === 'python' ? 'node' : image,
        argv: cellArgv(language),
        service: { name: `kernel-${language}`, argv: kernelArgv(language) },
        stdin: Buffer.from(textOf(args, 'code')),
        deadlineMs: deadlineOf(args, DEFAULT_SECONDS.code),
      });
    },
  };
}

function bashTool(sandboxes: RunSandboxes): Tool {
  return {
    ...KEYED,
    name: 'bash',
    description: 'Runs a shell command in a sandbox, in the working folder.',
    parameters: {
      type: 'object',
      properties: {
        command: { type: 'string', minLength: 1, maxLength: MAX_CODE_CHARS },
        timeoutSeconds: TIMEOUT,
      },
      required: ['command'],
      additionalProperties: false,
    },
    execute: async (args, context) => {
      const { image, programs } = context.sandbox;
      const command = textOf(args, 'command');
      return runCommand(sandboxes, context, {
        image,
        argv: programs === null ? ['bash', '-c', command] : allowedArgv(command, programs),
        deadlineMs: deadlineOf(args, DEFAULT_SECONDS.bash),
      });
    },
  };
}

/** A retry attaches to the command by its key. */
const KEYED = { effect: 'keyed', timeoutMs: TOOL_TIMEOUT_MS, light: false } as const;

function deadlineOf(args: JsonObject, fallback: number): number {
  const { timeoutSeconds } = args;
  return (typeof timeoutSeconds === 'number' ? timeoutSeconds : fallback) * 1_000;
}

const WORD = /'([^']*)'|"([^"$`\\]*)"|([A-Za-z0-9_@%+=:,./~^-]+)|(\s+)|([^])/gy;

/**
 * A single program with its arguments, started without a shell. Throws `tool.refused` for programs
 * that are not allowed, and for all that only a shell understands.
 */
export function allowedArgv(command: string, programs: readonly string[]): readonly string[] {
  const words: string[] = [];
  let current: string | null = null;
  for (const [, single, double, plain, space, other] of command.trim().matchAll(WORD)) {
    if (other !== undefined) {
      throw new AppError('tool.refused', `"${other}" needs a shell; give one program at a time`);
    }
    if (space === undefined) current = (current ?? '') + (single ?? double ?? plain ?? '');
    else if (current !== null) {
      words.push(current);
      current = null;
    }
  }
  if (current !== null) words.push(current);
  const [program = ''] = words;
  if (programs.includes(program)) return words;
  throw new AppError('tool.refused', `"${program}" is not one of ${programs.join(', ')}`);
}
