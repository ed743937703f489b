import { createAskModel, type AskModel } from '../activities/memory/ask-model.ts';
import { installationModel } from './models-config.ts';
import type { ChatModels } from '../adapters/models/port.ts';
import type { Config } from './config.ts';
import type { Logger } from './logger.ts';

/** What a model of memory is made from. */
export interface MemoryModelOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Absent where nothing is to ask a model. */
  readonly models?: ChatModels;
}

/** How memory asks the installation's model; null where there is none. */
export function openMemoryModel({ config, log, models }: MemoryModelOptions): AskModel | null {
  const model = installationModel(config);
  if (model === null || models === undefined) return null;
  return createAskModel({
    models,
    model,
    onFault: ({ what, error }) => log.warn({ err: error }, `${what} failed`),
  });
}
