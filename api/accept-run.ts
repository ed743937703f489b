import { AppError } from '../contracts/app-error.ts';
import { pause } from './pause.ts';
import { validateJson } from '../engine/json-schema.ts';
import type { CompiledVersion, Principal } from '../contracts/records.ts';
import type { CreateRun } from '../db/stores/run-store.ts';
import type { Json } from '../contracts/json.ts';
import type { Problem } from '../contracts/problem.ts';
import type { Reply } from './route.ts';
import type { Run } from '../contracts/records.ts';
import type { Services } from './services.ts';

/** A run that was asked for, with everything looked up. */
export interface AcceptRun extends Pick<CreateRun, 'thread' | 'idempotency' | 'userId'> {
  readonly principal: Principal;
  readonly version: CompiledVersion;
  readonly input: Json;
  /** What the user said, where the run belongs to a thread. */
  readonly said: Json | undefined;
  /** Turns a pointer into the input into one into the request's body. */
  readonly toPointer: (inputPointer: string) => string;
}

/**
 * Stores the run, then starts it. From the moment that it is stored the answer is a success: a run
 * that cannot be started now is started later by the sweeper.
 */
export async function acceptRun(services: Services, accept: AcceptRun): Promise<Reply> {
  const { principal, version } = accept;
  refuseInput(accept);
  const { workspaceId } = principal;
  const { kind, run } = await services.runs.create(workspaceId, {
    agentId: version.agentId,
    versionId: version.id,
    thread: accept.thread,
    input: await services.values.putValue(workspaceId, accept.input),
    principal,
    userId: accept.userId ?? null,
    ...(accept.idempotency === undefined ? {} : { idempotency: accept.idempotency }),
    ...(accept.said === undefined
      ? {}
      : {
          userMessage: {
            role: 'user' as const,
            content: await services.values.putValue(workspaceId, accept.said),
          },
        }),
  });
  services.crash?.('api-after-commit');
  if (kind === 'created') await start(services, run);
  return {
    status: kind === 'created' ? 201 : 200,
    body: run,
    headers: { location: `/v1/runs/${run.id}` },
  };
}

function refuseInput({ version, input, toPointer }: AcceptRun): void {
  const found = validateJson(version.graph.input, input);
  if (found.length === 0) return;
  const problems: Problem[] = found.map((problem) => ({
    ...problem,
    pointer: toPointer(problem.pointer),
  }));
  throw new AppError(
    'run.invalid_input',
    `the input does not fit the input schema of ${version.agentName} ${version.version}`,
    { problems },
  );
}

async function start(services: Services, run: Run): Promise<void> {
  const started = new AbortController();
  const { workspaceId, id: runId, agentName, version } = run;
  const starting = services.control
    .start({ workspaceId, runId, agentName, version })
    .catch((error: unknown) => {
      services.log.warn({ err: error, runId }, 'the run was stored but not started; it will be');
    })
    .finally(() => {
      started.abort();
    });
  await Promise.race([starting, pause(services.timing.startWaitMs, started.signal)]);
}
