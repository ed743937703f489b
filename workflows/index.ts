export { agentRun } from './agent-run.ts';
export { crawlSite } from './crawl-site.ts';
export { ingestDocument } from './ingest-document.ts';
export { learnFromRun } from './learn-from-run.ts';
export { sweepMemories } from './sweep-memories.ts';
