import type { Vendor, VendorConfig } from '../config.ts';
import type { ModelDelta } from '../delta.ts';
import type { ModelRequest } from '../port.ts';
import type { OutputPlan } from '../structured-output.ts';

/** A call as a vendor's file gets it. */
export interface OpenRequest {
  readonly name: string;
  readonly access: VendorConfig;
  readonly request: ModelRequest;
  readonly plan: OutputPlan | null;
  /** Closes the connection. */
  readonly signal: AbortSignal;
}

/** Begins a streamed answer; throws whatever the vendor's library throws. */
export type OpenAnswer = (open: OpenRequest) => Promise<AsyncIterable<ModelDelta>>;

/** The vendor's way to begin an answer. Libraries are large: each loads when it is first used. */
export async function openerOf(vendor: Vendor): Promise<OpenAnswer> {
  switch (vendor) {
    case 'openai':
      return (await import('./openai.ts')).openOpenAi;
    case 'anthropic':
      return (await import('./anthropic.ts')).openAnthropic;
    case 'google-genai':
      return (await import('./google-genai.ts')).openGoogleGenAi;
    case 'ollama':
      return (await import('./ollama.ts')).openOllama;
  }
}
