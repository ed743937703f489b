import type { Config, Secrets } from './config.ts';
import type { ModelSpec } from '../contracts/agent-spec.ts';
import type { ModelsConfig, VendorConfig } from '../adapters/models/config.ts';

function vendor(apiKey: string | null, baseUrl: string | null): VendorConfig | null {
  if (apiKey === null && baseUrl === null) return null;
  return { ...(apiKey === null ? {} : { apiKey }), ...(baseUrl === null ? {} : { baseUrl }) };
}

/** What the installation's models are, from settings and secrets. */
export function toModelsConfig(config: Config, secrets: Secrets): ModelsConfig {
  const { urls, silenceMs } = config.model;
  const openai = vendor(secrets.openaiApiKey, urls.openai);
  const anthropic = vendor(secrets.anthropicApiKey, urls.anthropic);
  const googleGenai = vendor(secrets.googleApiKey, null);
  const ollama = vendor(null, urls.ollama);
  return {
    default: config.model.default,
    silenceMs,
    ...(openai === null ? {} : { openai }),
    ...(anthropic === null ? {} : { anthropic }),
    ...(googleGenai === null ? {} : { googleGenai }),
    ...(ollama === null ? {} : { ollama }),
  };
}

/** The installation's own model, where it has one: offline, scripts play for the agents that bring one. */
export function installationModel({ model }: Pick<Config, 'model'>): ModelSpec | null {
  return model.default === null ? null : { provider: 'default' };
}
