import { describeJournal } from './journal.suite.ts';
import type { JournalBench } from './journal-suite/bench.ts';
import { GRAPH, PLAN, SPEC } from './fixtures.ts';
import { createMemoryJournal } from '../../activities/journal/memory-journal.ts';
import { newId } from '../../contracts/ids.ts';

const workspaceId = newId('workspace');
const versionId = newId('agentVersion');

const journal = createMemoryJournal({
  versions: [
    {
      id: versionId,
      workspaceId,
      agentId: newId('agent'),
      agentName: 'tester',
      number: 1,
      version: '1',
      changelog: '',
      spec: SPEC,
      plan: PLAN,
      graph: GRAPH,
      createdAt: new Date().toISOString(),
    },
  ],
  runs: [],
});

const bench: JournalBench = {
  journal,
  seedRun: async () => {
    const ref = { workspaceId, runId: newId('run') };
    journal.addRun({
      ...ref,
      versionId,
      threadId: newId('thread'),
      userId: null,
      threadPosition: 0,
      status: 'queued',
      input: null,
      epoch: 0,
      createdAt: Date.now(),
      cancelRequested: false,
    });
    return ref;
  },
  events: async (ref) => journal.run(ref).events,
  tokens: async (ref) => journal.run(ref).tokens.all(),
  run: async (ref) => {
    const { facts, output, error, usage, tasks } = journal.run(ref);
    const openHumanTasks = [...tasks.values()].filter(({ status }) => status === 'open').length;
    return { status: facts.status, output, error, usage, openHumanTasks };
  },
  messages: async (ref) => journal.messages(journal.run(ref).facts.threadId ?? ''),
};

describeJournal('in memory', () => bench);
