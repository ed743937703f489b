import type { ModelDeps, ModelsConfig } from './config.ts';
import { silenceMsOf } from './config.ts';
import { createAnswerBuilder } from './answer.ts';
import type { ChatModels, ModelCallOptions, ModelRequest, ModelResponse } from './port.ts';
import { openerOf } from './providers/opener.ts';
import { remedyOf, resolveModel, type ResolvedModel } from './resolve-model.ts';
import { createScriptedModel } from './scripted/scripted-model.ts';
import { createScrubber } from './scrub.ts';
import { streamCall } from './stream-call.ts';
import { planOutput } from './structured-output.ts';
import { toModelError } from './vendor-errors.ts';

/** The chat models that the configuration allows; a vendor's library loads with its first call. */
export function createChatModels(config: ModelsConfig, deps: ModelDeps): ChatModels {
  const scripted = createScriptedModel(deps, config.wordDelayMs ?? 0);
  return {
    call: async (request, options) => {
      const model = resolveModel(config, request.model);
      if (model.kind === 'scripted') return scripted.call(request, options);
      return callVendor(
        { model, silenceMs: silenceMsOf(config, request.model), deps },
        request,
        options,
      );
    },
  };
}

interface VendorCall {
  readonly model: Extract<ResolvedModel, { kind: 'vendor' }>;
  readonly silenceMs: number;
  readonly deps: ModelDeps;
}

async function callVendor(
  { model, silenceMs, deps }: VendorCall,
  request: ModelRequest,
  options: ModelCallOptions,
): Promise<ModelResponse> {
  const { vendor, name, access } = model;
  const label = `${vendor}:${name}`;
  const plan = request.output === null ? null : planOutput(request.output);
  const answer = createAnswerBuilder({
    request,
    plan,
    model: label,
    onText: options.onText,
    deps,
  });
  const scrub = createScrubber([access.apiKey ?? ''], request);
  options.signal.throwIfAborted();
  // Loaded before the watch begins: a large library takes long to load and is no vendor's silence.
  const open = await openerOf(vendor);
  await streamCall({
    open: async (signal) => open({ name, access, request, plan, signal }),
    onDelta: (delta) => answer.add(delta),
    signal: options.signal,
    silenceMs,
    model: label,
    toError: (error, streaming) =>
      toModelError(error, { vendor, remedy: remedyOf(vendor), streaming, scrub, now: Date.now() }),
  });
  return answer.finish();
}
