import { AGENT_ROUTES } from './routes/agents.ts';
import { API_KEY_ROUTES } from './routes/api-keys.ts';
import { ARTIFACT_ROUTES } from './routes/artifacts.ts';
import { AUDIT_ROUTES } from './routes/audit.ts';
import { CATALOGUE_ROUTES } from './routes/catalogue.ts';
import { CRAWL_ROUTES } from './routes/crawls.ts';
import { DOCS_ROUTES } from './routes/docs.ts';
import { DOCUMENT_ROUTES } from './routes/documents.ts';
import { ERASURE_ROUTES } from './routes/erasures.ts';
import { FEEDBACK_ROUTES } from './routes/feedback.ts';
import { FILE_ROUTES } from './routes/files.ts';
import { GRAPH_FACT_ROUTES } from './routes/graph-facts.ts';
import { GRAPH_ROUTES } from './routes/graph.ts';
import { HEALTH_ROUTES } from './routes/health.ts';
import { HUMAN_TASK_ROUTES } from './routes/human-tasks.ts';
import { INGESTION_EVENT_ROUTES } from './routes/ingestion-events.ts';
import { INGESTION_ROUTES } from './routes/ingestions.ts';
import { isPermission } from './permissions.ts';
import { KNOWLEDGE_BASE_ROUTES } from './routes/knowledge-bases.ts';
import { LABEL_ROUTES } from './routes/labels.ts';
import { MEMORY_CHANGE_ROUTES } from './routes/memory-changes.ts';
import { LEARNING_ROUTES } from './routes/learning.ts';
import { MEMORY_ROUTES } from './routes/memories.ts';
import { RUN_CONTROL_ROUTES } from './routes/run-control.ts';
import { RUN_EVENT_ROUTES } from './routes/run-events.ts';
import { RUN_ROUTES } from './routes/runs.ts';
import { RUN_STEP_ROUTES } from './routes/run-steps.ts';
import { THREAD_ROUTES } from './routes/threads.ts';
import { VALUE_ROUTES } from './routes/values.ts';
import { VERSION_ROUTES } from './routes/versions.ts';
import { WORKING_MEMORY_ROUTES } from './routes/working-memory.ts';
import { WORKSPACE_ROUTES } from './routes/workspace.ts';
import type { Route } from './route.ts';

/** Every route of the API but `/openapi.json`, which describes them. Hot ones come first. */
export const ROUTE_TABLE: readonly Route[] = [
  ...RUN_ROUTES,
  ...RUN_CONTROL_ROUTES,
  ...RUN_EVENT_ROUTES,
  ...RUN_STEP_ROUTES,
  ...FILE_ROUTES,
  ...ARTIFACT_ROUTES,
  ...AUDIT_ROUTES,
  ...HUMAN_TASK_ROUTES,
  ...THREAD_ROUTES,
  ...MEMORY_ROUTES,
  ...MEMORY_CHANGE_ROUTES,
  ...WORKING_MEMORY_ROUTES,
  ...KNOWLEDGE_BASE_ROUTES,
  ...DOCUMENT_ROUTES,
  ...INGESTION_ROUTES,
  ...INGESTION_EVENT_ROUTES,
  ...CRAWL_ROUTES,
  ...GRAPH_ROUTES,
  ...GRAPH_FACT_ROUTES,
  ...FEEDBACK_ROUTES,
  ...LEARNING_ROUTES,
  ...ERASURE_ROUTES,
  ...AGENT_ROUTES,
  ...VERSION_ROUTES,
  ...LABEL_ROUTES,
  ...VALUE_ROUTES,
  ...API_KEY_ROUTES,
  ...WORKSPACE_ROUTES,
  ...CATALOGUE_ROUTES,
  ...HEALTH_ROUTES,
  ...DOCS_ROUTES,
];

/** Throws when a route says nothing on who may call it, or when two have one method and path. */
export function checkRoutes(routes: readonly Route[]): void {
  const seen = new Set<string>();
  for (const { method, path, permission } of routes) {
    const name = `${method} ${path}`;
    if (permission !== 'public' && !isPermission(permission)) {
      throw new Error(`${name} declares no permission; name one of permissions.ts, or 'public'`);
    }
    if (seen.has(name)) throw new Error(`${name} is declared twice`);
    seen.add(name);
  }
}
