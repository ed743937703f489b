import { expect, test } from '@jest/globals';
import { createKnowledgeBaseSchema } from '../../../contracts/knowledge.schema.ts';
import { createRetrieveTool } from '../../tools/memory/retrieve-tool.ts';
import { parseAgentSpec } from '../../../contracts/agent-spec.schema.ts';
import { retrieveNode } from './node.ts';
import { validateJson } from '../../../engine/json-schema.ts';

const LONGEST = 100;

/** Never called: only what the tool says of its arguments is looked at. */
const nothing = async (): Promise<never> => {
  throw new Error('called');
};
const EMPTY = { text: '', citations: [], tokens: 0, omitted: 0 };
const tool = createRetrieveTool({
  memory: { recall: nothing, searchKnowledge: nothing, forPrompt: () => EMPTY },
  knowledge: { listBases: nothing },
  light: true,
});
const takes: readonly (readonly [string, (name: string) => boolean])[] = [
  ['a knowledge base itself', (name) => createKnowledgeBaseSchema.safeParse({ name }).success],
  [
    'an agent',
    (name) => {
      const model = { provider: 'default' };
      const spec = { model, instructions: 'Help.', knowledge: { bases: [name] } };
      return !('problems' in parseAgentSpec(spec));
    },
  ],
  [
    'the tool `retrieve`',
    (name) => validateJson(tool.parameters, { query: 'q', bases: [name] }).length === 0,
  ],
  [
    'the node `retrieve`',
    (name) => validateJson(retrieveNode.configSchema, { bases: [name] }).length === 0,
  ],
];

test.each(takes)('%s takes the longest name of a knowledge base and no longer one', (_by, take) => {
  expect([take('n'.repeat(LONGEST)), take('n'.repeat(LONGEST + 1))]).toEqual([true, false]);
});
