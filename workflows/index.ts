export { agentRun } from './agent-run.ts';
export { ingestDocument } from './ingest-document.ts';
export { learnFromRun } from './learn-from-run.ts';
export { sweepMemories } from './sweep-memories.ts';
