import { AppError } from '../../../contracts/app-error.ts';
import type { Json } from '../../../contracts/json.ts';
import type { RunSandboxes, SandboxReport, SandboxWork } from '../../sandbox/run-sandboxes.ts';
import type { ToolContext } from '../tool.ts';

const SHOWN_PATHS = 50;
const RESTORED =
  'The sandbox is new: files of earlier commands are there, processes and variables are not.';

/** Executes a command for a tool's call; a lost sandbox is told to the model. */
export async function runCommand(
  sandboxes: RunSandboxes,
  context: ToolContext,
  command: Pick<SandboxWork, 'argv' | 'stdin' | 'service' | 'deadlineMs' | 'image'>,
): Promise<Json> {
  const { workspaceId, runId, stepId, actor, sandbox, signal, onOutput } = context;
  try {
    const report = await sandboxes.execute({
      ...{ workspaceId, runId, stepId, actor, signal, onOutput },
      policy: sandbox,
      commandId: context.idempotencyKey,
      ...command,
    });
    return toResult(report);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'sandbox.lost') throw error;
    const told = `${error.message}; files are as before this command, processes and variables are gone`;
    throw new AppError('tool.refused', told, { cause: error });
  }
}

function toResult(report: SandboxReport): Json {
  const { result, stdout, stderr, changed, unstored, restored } = report;
  const { end, exitCode, signal, durationMs, truncated } = result;
  return {
    exitCode,
    ...(end === 'exit' ? {} : { end }),
    ...(signal === null ? {} : { signal }),
    stdout,
    stderr,
    ...(truncated ? { truncated } : {}),
    ...(changed.length === 0 ? {} : { changedFiles: changed.slice(0, SHOWN_PATHS) }),
    ...(unstored.length === 0
      ? {}
      : { notKept: unstored.slice(0, SHOWN_PATHS).map((one) => ({ ...one })) }),
    ...(restored ? { note: RESTORED } : {}),
    durationMs: Math.round(durationMs),
  };
}
