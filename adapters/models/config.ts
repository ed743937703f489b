import type { ModelSpec } from '../../contracts/agent-spec.ts';
import type { Json, JsonObject, JsonSchema } from '../../contracts/json.ts';
import type { Problem } from '../../contracts/problem.ts';

/** Providers that answer over HTTP. */
export const VENDORS = ['openai', 'anthropic', 'google-genai', 'ollama'] as const;
/** A provider that answers over HTTP. */
export type Vendor = (typeof VENDORS)[number];

/** Silence that fails a call when neither the agent nor the installation says otherwise. */
export const DEFAULT_SILENCE_MS = 60_000;

/** Where a vendor is and how to get in. A server without a key needs its address only. */
export interface VendorConfig {
  readonly apiKey?: string;
  readonly baseUrl?: string;
}

/** Models that an installation may use. */
export interface ModelsConfig {
  /** What `default` means; null lets the scripted model answer. */
  readonly default: { readonly provider: Vendor; readonly name: string } | null;
  readonly openai?: VendorConfig;
  readonly anthropic?: VendorConfig;
  readonly googleGenai?: VendorConfig;
  readonly ollama?: VendorConfig;
  /** Silence between two pieces of an answer that fails a call; 60,000 by default. */
  readonly silenceMs?: number;
  /** Pause after each word of the scripted model; 0 by default. */
  readonly wordDelayMs?: number;
}

/** Pure functions of the engine that models need. */
export interface ModelDeps {
  readonly validate: (schema: JsonSchema, value: Json) => readonly Problem[];
  readonly evaluate: (text: string, scope: JsonObject) => Json;
  readonly renderTemplate: (text: string, scope: JsonObject) => Json;
}

/** How long a call of this model may be silent, in ms. */
export function silenceMsOf(config: ModelsConfig, spec: ModelSpec): number {
  return spec.silenceMs ?? config.silenceMs ?? DEFAULT_SILENCE_MS;
}
