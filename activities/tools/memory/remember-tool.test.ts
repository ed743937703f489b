import { describe, expect, test } from '@jest/globals';
import { createRememberTool } from './remember-tool.ts';
import { DEFAULT_SANDBOX_POLICY } from '../../../contracts/sandbox.ts';
import { USUAL_SCOPES } from '../../../contracts/memory-policy.ts';
import type { MemoryDraft } from '../../../contracts/recall.ts';
import type { MemoryScope } from '../../../contracts/memory.ts';

async function remember(
  args: { readonly text: string; readonly scope?: MemoryScope },
  memoryScopes: readonly MemoryScope[] = USUAL_SCOPES,
) {
  const drafts: MemoryDraft[] = [];
  const tool = createRememberTool({
    light: true,
    memory: {
      remember: async (_ws, made) => {
        drafts.push(...made);
        return [{ kind: 'refused', code: 'memory.invalid', reason: 'never written here' }];
      },
    },
  });
  const answer = tool.execute(args, {
    ...{ workspaceId: 'ws', runId: 'run', stepId: 's', actor: 'test@1', idempotencyKey: 'k' },
    owner: { userId: 'bob', agentId: 'agt', threadId: 'thr' },
    memoryScopes,
    knowledgeBases: null,
    sandbox: DEFAULT_SANDBOX_POLICY,
    signal: new AbortController().signal,
    onOutput: () => undefined,
  });
  const error: unknown = await answer.catch((thrown: unknown) => thrown);
  return { scopes: drafts.map(({ scope }) => scope), error };
}

describe('whom the tool `remember` writes for', () => {
  test.each(USUAL_SCOPES)('may be the %s', async (scope) => {
    expect((await remember({ text: 'x', scope })).scopes).toEqual([scope]);
  });

  test('is the user where the model names nobody', async () => {
    expect((await remember({ text: 'x' })).scopes).toEqual(['user']);
  });

  test('is not everybody unless the author has named the workspace', async () => {
    const refused = await remember({ text: 'x', scope: 'workspace' });
    expect(refused.scopes).toEqual([]);
    expect(refused.error).toMatchObject({
      code: 'tool.refused',
      message: expect.stringMatching(/scope workspace, only of scope user or agent or thread/u),
    });
    expect((await remember({ text: 'x', scope: 'workspace' }, ['workspace'])).scopes).toEqual([
      'workspace',
    ]);
  });

  test('is nobody whom the author has left out, named or not', async () => {
    expect((await remember({ text: 'x' }, ['thread'])).error).toMatchObject({
      code: 'tool.refused',
    });
  });
});
