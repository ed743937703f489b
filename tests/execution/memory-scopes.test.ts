import { expect, test } from '@jest/globals';
import { agentSpec, chain, modelsCalling, NO_MODELS, prepareRun } from './harness.ts';
import { createRememberTool } from '../../activities/tools/memory/remember-tool.ts';
import type { ChatModels } from '../../adapters/models/port.ts';
import type { FullSpec } from '../../contracts/agent-spec.ts';
import type { MemoryDraft } from '../../contracts/recall.ts';

const EVERYBODY = { text: 'The office moves to Porto.', scope: 'workspace' };

/** Runs it, and answers with whom it wrote for. */
async function writtenBy(spec: FullSpec, models: ChatModels) {
  const drafts: MemoryDraft[] = [];
  const tool = createRememberTool({
    light: true,
    memory: {
      remember: async (_ws, made) => {
        drafts.push(...made);
        return [{ kind: 'refused', code: 'memory.invalid', reason: 'nothing is kept here' }];
      },
    },
  });
  await prepareRun({ spec, tools: [tool], models }).go();
  return drafts.map(({ scope }) => scope);
}

test('a model is told that it may not write for everybody, unless the author has named them', async () => {
  const calling = () => modelsCalling([{ name: 'remember', arguments: EVERYBODY }]);
  const spec = agentSpec(['remember']);
  const models = calling();
  expect(await writtenBy(spec, models)).toEqual([]);
  const told = models.requests.at(-1)?.messages.find(({ role }) => role === 'tool');
  expect(told).toMatchObject({
    isError: true,
    content: expect.stringContaining('may not keep memories of scope workspace'),
  });
  const named: FullSpec = { ...spec, memory: { scopes: ['workspace'] } };
  expect(await writtenBy(named, calling())).toEqual(['workspace']);
});

test('a node `remember` writes for whom its author has written into the graph', async () => {
  const spec = chain([{ id: 'note', type: 'remember', config: EVERYBODY }]);
  expect(await writtenBy(spec, NO_MODELS)).toEqual(['workspace']);
});

test('a node `tool` does not: a model may have filled its arguments', async () => {
  const config = { tool: 'remember', arguments: EVERYBODY };
  expect(await writtenBy(chain([{ id: 'note', type: 'tool', config }]), NO_MODELS)).toEqual([]);
});
