import { describe, expect, test } from '@jest/globals';
import { openingMessages } from './conversation.ts';
import type { Message } from '../../contracts/message.ts';
import type { NodeContext } from './node-type.ts';

const PAST: readonly Message[] = [
  { role: 'user', content: 'first' },
  { role: 'assistant', content: 'answer' },
];

function contextOf(threadId: string | null): Pick<NodeContext, 'run' | 'thread' | 'input'> {
  const run: NodeContext['run'] = {
    workspaceId: 'ws_1',
    runId: 'run_1',
    versionId: 'ver_1',
    threadId,
    userId: null,
    threadPosition: PAST.length,
    status: 'running',
    input: { message: 'second' },
    epoch: 0,
    createdAt: 0,
    cancelRequested: false,
  };
  return { run, thread: async () => PAST, input: async () => ({ message: 'second' }) };
}

const SECOND: Message = { role: 'user', content: 'second' };

describe('a conversation opens', () => {
  test.each([
    {
      title: 'with the past of the thread and the message to answer',
      threadId: 'thr_1',
      withInput: true,
      opens: [...PAST, SECOND],
    },
    {
      title: 'with the past alone where a prompt follows',
      threadId: 'thr_1',
      withInput: false,
      opens: PAST,
    },
    {
      title: 'with the input outside of threads',
      threadId: null,
      withInput: true,
      opens: [SECOND],
    },
    {
      title: 'with nothing where a prompt follows outside of threads',
      threadId: null,
      withInput: false,
      opens: [],
    },
  ])('$title', async ({ threadId, withInput, opens }) => {
    expect(await openingMessages(contextOf(threadId), withInput)).toEqual(opens);
  });
});
