import type { Tool } from './tool.ts';
import type { ToolDefinition } from '../../adapters/models/port.ts';

/** The tool as a model sees it. */
export function toDefinition(tool: Tool): ToolDefinition {
  return { name: tool.name, description: tool.description, parameters: tool.parameters };
}
