import { AppError } from '../../contracts/app-error.ts';
import { createAllowance } from './model-allowance.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { ChatModels } from '../../adapters/models/port.ts';
import type { Json, JsonSchema } from '../../contracts/json.ts';
import type { ModelSpec } from '../../contracts/agent-spec.ts';

/** What memory asks the installation's model. */
export interface ModelQuestion {
  /** Whose allowance it is taken from. */
  readonly workspaceId: string;
  readonly instructions: string;
  readonly prompt: string;
  /** The answer fits it. */
  readonly output: JsonSchema;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | null;
}

/**
 * Asks the installation's model; null where the workspace has used up its calls, which is reported
 * once. Throws `model.*`; an abort rejects with the signal's reason.
 */
export type AskModel = (question: ModelQuestion) => Promise<Json>;

/** What asking works with. */
export interface AskModelDeps {
  readonly models: ChatModels;
  readonly model: ModelSpec;
  readonly onFault: (fault: { readonly what: string; readonly error: unknown }) => void;
  /** Calls of one workspace in an hour; `LIMITS.memoryModelCallsPerHour` by default. */
  readonly perHour?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Questions of memory to a model, within what each workspace may spend on them. */
export function createAskModel({ models, model, onFault, ...rest }: AskModelDeps): AskModel {
  const { perHour = LIMITS.memoryModelCallsPerHour, now = Date.now } = rest;
  const allowance = createAllowance(perHour, now);
  return async ({ workspaceId, instructions, prompt, output, timeoutMs, signal = null }) => {
    const allowed = allowance(workspaceId);
    if (allowed === 'just spent') onFault({ what: 'asking a model', error: spent(workspaceId) });
    if (allowed !== 'granted') return null;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await models.call(
        { model, instructions, messages: [{ role: 'user', content: prompt }], tools: [], output },
        {
          signal: signal === null ? timeout : AbortSignal.any([signal, timeout]),
          onText: () => undefined,
        },
      );
      return response.output;
    } catch (error) {
      if (error !== timeout.reason) throw error;
      throw new AppError('model.silent', `the model took longer than ${timeoutMs} ms`);
    }
  };
}

function spent(workspaceId: string): AppError {
  return new AppError(
    'model.rate_limited',
    `workspace ${workspaceId} has used up the calls of models that memory may make in an hour; ` +
      'it goes on without a model',
  );
}
