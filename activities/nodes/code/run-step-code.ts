import { AppError } from '../../../contracts/app-error.ts';
import { CODE_LANGUAGES, stepArgv } from '../../sandbox/code-cell.ts';
import { SANDBOX_IMAGES } from '../../../contracts/sandbox.ts';
import { textOf } from '../../tools/built-in/text-argument.ts';
import type { FileStore } from '../../../db/stores/file-store.ts';
import type { Json, JsonObject } from '../../../contracts/json.ts';
import type { RunSandboxes, SandboxReport } from '../../sandbox/run-sandboxes.ts';
import type { Tool, ToolContext } from '../../tools/tool.ts';

/** Name of the tool behind nodes of type `code`. */
export const STEP_CODE_TOOL = 'run_step_code';
/** Longest code of a node. */
export const MAX_CODE_CHARS = 200_000;
/** Longest run of a node's code. */
export const MAX_SECONDS = 1_800;
/** Beyond the longest run: starting a sandbox, transferring files. */
export const STEP_CODE_TIMEOUT_MS = (MAX_SECONDS + 120) * 1_000;

const DEFAULT_SECONDS = 120;
const SHOWN_CHARS = 1_000;
const SHOWN_PATHS = 50;

/** What the tool is made from. */
export interface StepCodeDeps {
  readonly sandboxes: Pick<RunSandboxes, 'execute'>;
  readonly files: FileStore;
}

/** The tool that executes nodes of type `code`: it makes them what any tool call is. */
export function createStepCodeTool(deps: StepCodeDeps): Tool {
  return {
    name: STEP_CODE_TOOL,
    description:
      'Runs code in a process of its own in the sandbox; nodes of type `code` use it. `input` is a ' +
      'variable, or the JSON file that HOLDFAST_INPUT names; the value of the last expression, or ' +
      'JSON written to the file that HOLDFAST_OUTPUT names, results as `value`.',
    parameters: {
      type: 'object',
      properties: {
        language: { type: 'string', enum: [...CODE_LANGUAGES] },
        code: { type: 'string', maxLength: MAX_CODE_CHARS },
        input: { description: 'Any JSON' },
        timeoutSeconds: { type: 'integer', minimum: 1, maximum: MAX_SECONDS },
        image: { type: 'string', enum: [...SANDBOX_IMAGES] },
      },
      required: ['language', 'code'],
      additionalProperties: false,
    },
    effect: 'keyed',
    timeoutMs: STEP_CODE_TIMEOUT_MS,
    light: false,
    execute: (args, context) => runStepCode(deps, args, context),
  };
}

async function runStepCode(
  { sandboxes, files }: StepCodeDeps,
  args: JsonObject,
  context: ToolContext,
): Promise<Json> {
  const { workspaceId, runId, stepId, actor, sandbox, signal, onOutput } = context;
  const key = context.idempotencyKey;
  const language = CODE_LANGUAGES.find((known) => known === args['language']) ?? 'python';
  const wanted = SANDBOX_IMAGES.find((known) => known === args['image']);
  const usual = language === 'javascript' && sandbox.image === 'python' ? 'node' : sandbox.image;
  const seconds = args['timeoutSeconds'];
  // Of this call alone, so that its first version is what the code has handed over.
  const path = `.holdfast-value-${key.slice(0, 16)}.json`;
  const report = await sandboxes.execute({
    ...{ workspaceId, runId, stepId, actor, signal, onOutput },
    policy: sandbox,
    image: wanted ?? usual,
    commandId: key,
    argv: stepArgv(language, path),
    stdin: Buffer.from(
      JSON.stringify({ code: textOf(args, 'code'), input: args['input'] ?? null }),
    ),
    deadlineMs: (typeof seconds === 'number' ? seconds : DEFAULT_SECONDS) * 1_000,
  });
  refuseFailure(report);
  const lost = report.unstored.find((each) => each.path === path);
  if (lost !== undefined) {
    throw new AppError('code.failed', `its value could not be kept: ${lost.reason}`);
  }
  const value = await takeValue(files, context, path);
  const { stdout, stderr, result } = report;
  const changed = report.changed.filter((each) => each !== path);
  return {
    exitCode: 0,
    stdout,
    stderr,
    ...(result.truncated ? { truncated: true } : {}),
    value,
    ...(changed.length === 0 ? {} : { changedFiles: changed.slice(0, SHOWN_PATHS) }),
  };
}

function refuseFailure({ result, stderr }: SandboxReport): void {
  const { end, exitCode, signal } = result;
  if (end === 'exit' && exitCode === 0) return;
  const how = {
    exit: `exited with ${exitCode ?? 'no status'}`,
    signal: `was ended by ${signal ?? 'a signal'}`,
    deadline: 'took too long and was stopped',
    oom: 'ran out of memory',
    killed: 'was killed',
    lost: 'was lost',
  }[end];
  const tail = stderr.trim().slice(-SHOWN_CHARS).toWellFormed();
  throw new AppError('code.failed', `the code ${how}${tail === '' ? '' : `: ${tail}`}`);
}

/** What the code has handed over: a file of the run, which is put away once it is read. */
async function takeValue(files: FileStore, context: ToolContext, path: string): Promise<Json> {
  const { workspaceId, runId, stepId, actor, idempotencyKey } = context;
  const space = { workspaceId, spaceId: runId };
  try {
    const { bytes } = await files.read(space, path, 1);
    const options = { actor, stepId, key: `${idempotencyKey}:value` };
    await files.commitRevision(space, [{ kind: 'removed', path }], options);
    return JSON.parse(bytes.toString('utf8')) as Json;
  } catch (error) {
    if (error instanceof AppError && error.code === 'file.not_found') return null;
    throw error;
  }
}
