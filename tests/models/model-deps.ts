import type { ModelDeps } from '../../adapters/models/config.ts';
import { evaluate, renderTemplate } from '../../engine/expression.ts';
import { validateJson } from '../../engine/json-schema.ts';

/** What models get from the engine. */
export const MODEL_DEPS: ModelDeps = {
  validate: (schema, value) => validateJson(schema, value),
  evaluate,
  renderTemplate,
};
