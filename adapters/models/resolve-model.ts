import { AppError } from '../../contracts/app-error.ts';
import type { ModelSpec } from '../../contracts/agent-spec.ts';
import type { ModelsConfig, Vendor, VendorConfig } from './config.ts';

/** The model that a call goes to. */
export type ResolvedModel =
  | { readonly kind: 'scripted' }
  | {
      readonly kind: 'vendor';
      readonly vendor: Vendor;
      readonly name: string;
      readonly access: VendorConfig;
    };

const REMEDIES: Readonly<Record<Vendor, string>> = {
  openai: 'set OPENAI_API_KEY, or OPENAI_BASE_URL for a server that needs no key',
  anthropic: 'set ANTHROPIC_API_KEY',
  'google-genai': 'set GOOGLE_API_KEY',
  ollama: 'set OLLAMA_BASE_URL',
};

/** The environment variables to look at when the vendor cannot be used. */
export function remedyOf(vendor: Vendor): string {
  return REMEDIES[vendor];
}

/** Which model the spec means here. Throws `model.not_configured` with the remedy. */
export function resolveModel(config: ModelsConfig, spec: ModelSpec): ResolvedModel {
  switch (spec.provider) {
    case 'scripted':
      return { kind: 'scripted' };
    case 'default':
      if (config.default === null) return { kind: 'scripted' };
      return vendorModel(config, config.default.provider, config.default.name);
    case 'openai':
    case 'anthropic':
    case 'google-genai':
    case 'ollama':
      return vendorModel(config, spec.provider, nameOf(config, spec));
    default:
      throw new AppError(
        'model.unknown_provider',
        `there is no model provider ${JSON.stringify(spec.provider)}`,
      );
  }
}

function vendorModel(config: ModelsConfig, vendor: Vendor, name: string | null): ResolvedModel {
  const access = accessOf(config, vendor);
  if (access === null) {
    const message = `the model provider ${vendor} is not configured: ${REMEDIES[vendor]}`;
    throw new AppError('model.not_configured', message);
  }
  if (name === null) {
    throw new AppError(
      'model.not_configured',
      `the agent names no model of ${vendor}: give its model a name, or set HOLDFAST_MODEL=${vendor}:name`,
    );
  }
  return { kind: 'vendor', vendor, name, access };
}

function nameOf(config: ModelsConfig, spec: ModelSpec): string | null {
  if (spec.name !== undefined && spec.name !== '') return spec.name;
  return config.default?.provider === spec.provider ? config.default.name : null;
}

function accessOf(config: ModelsConfig, vendor: Vendor): VendorConfig | null {
  switch (vendor) {
    case 'openai':
      return hasKey(config.openai) || hasAddress(config.openai) ? (config.openai ?? null) : null;
    case 'anthropic':
      return hasKey(config.anthropic) ? (config.anthropic ?? null) : null;
    case 'google-genai':
      return hasKey(config.googleGenai) ? (config.googleGenai ?? null) : null;
    case 'ollama':
      return hasAddress(config.ollama) ? (config.ollama ?? null) : null;
  }
}

function hasKey(access: VendorConfig | undefined): boolean {
  return access?.apiKey !== undefined && access.apiKey !== '';
}

function hasAddress(access: VendorConfig | undefined): boolean {
  return access?.baseUrl !== undefined && access.baseUrl !== '';
}
