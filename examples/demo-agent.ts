import type { AgentSpec } from '../contracts/agent-spec.ts';
import type { JsonObject } from '../contracts/json.ts';

/** An agent to try: what `seedDemo` creates, and an input that it does something with. */
export interface DemoAgent {
  readonly name: string;
  readonly description: string;
  readonly spec: AgentSpec;
  readonly sampleInput: JsonObject;
}

/** The text as a CEL literal. */
export function celText(text: string): string {
  return JSON.stringify(text);
}

/** CEL: whether the text holds one of the words. */
export function holdsOneOf(text: string, words: readonly string[]): string {
  return `[${words.map(celText).join(', ')}].exists(w, ${text}.contains(w))`;
}

/** CEL: the value of the newest answer of a tool in a conversation. */
export function toolAnswer(tool: string): string {
  const answers = `messages.filter(m, m.role == "tool" && m.name == ${celText(tool)})`;
  return `${answers}[size(${answers}) - 1].json`;
}
