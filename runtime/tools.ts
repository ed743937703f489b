import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createArtifactTools } from '../activities/tools/sandbox/artifact-tools.ts';
import { createBrowserTool } from '../activities/tools/sandbox/browser-tool.ts';
import { createBuiltInTools } from '../activities/tools/built-in/built-in-tools.ts';
import { createFileTools } from '../activities/tools/sandbox/files-tools.ts';
import { createSandboxTools } from '../activities/tools/sandbox/sandbox-tools.ts';
import { createStepCodeTool } from '../activities/nodes/code/run-step-code.ts';
import { createToolRegistry, type ToolRegistry } from '../activities/tools/registry.ts';
import { installationModel } from './models-config.ts';
import type { ArtifactStore } from '../db/stores/artifact-store.ts';
import { createRememberTool } from '../activities/tools/memory/remember-tool.ts';
import { createRetrieveTool } from '../activities/tools/memory/retrieve-tool.ts';
import type { Browsers } from '../adapters/browser/port.ts';
import type { Config } from './config.ts';
import type { FileStore } from '../db/stores/file-store.ts';
import type { KnowledgeStore } from '../db/stores/knowledge-store.ts';
import type { MemoryService } from '../activities/memory/memory-service.ts';
import type { RunSandboxes } from '../activities/sandbox/run-sandboxes.ts';
import type { Tool } from '../activities/tools/tool.ts';

/** What the tools of an installation work with. */
export interface ToolsDeps {
  readonly config: Config;
  readonly files: FileStore;
  readonly artifacts: ArtifactStore;
  readonly sandboxes: RunSandboxes;
  readonly browsers: Browsers;
  readonly memory: MemoryService;
  readonly knowledge: KnowledgeStore;
}

/** All tools that agents of an installation may use. */
export async function composeTools(deps: ToolsDeps): Promise<ToolRegistry> {
  const { config, files, artifacts, sandboxes, browsers, memory, knowledge } = deps;
  const light = answersInProcess(config);
  // What is to be remembered may be put to the installation's model.
  const keepsInProcess = light && installationModel(config) === null;
  return createToolRegistry([
    ...createBuiltInTools(config.tools),
    ...createSandboxTools(sandboxes),
    createBrowserTool({ sandboxes, browsers }),
    createStepCodeTool({ sandboxes, files }),
    ...createFileTools(files, { allowHosts: config.tools.httpAllowHosts }),
    ...createArtifactTools({ artifacts, files }),
    createRetrieveTool({ memory, knowledge, light }),
    createRememberTool({ memory, light: keepsInProcess }),
    ...(await operatorTools(config.tools.module)),
  ]);
}

/** Whether memory asks nothing outside of the process but the database. */
function answersInProcess({ qdrant, memory }: Config): boolean {
  const { embedder, neo4j, reranker } = memory;
  const ordersInProcess = reranker.kind === 'none' || reranker.kind === 'features';
  return qdrant === null && neo4j === null && embedder.kind === 'hash-v1' && ordersInProcess;
}

/** Tools from the operator's module; it is trusted code, named in the configuration. */
async function operatorTools(module: string | null): Promise<readonly Tool[]> {
  if (module === null) return [];
  const loaded = (await import(pathToFileURL(resolve(module)).href)) as { tools?: unknown };
  if (!Array.isArray(loaded.tools)) {
    throw new Error(`HOLDFAST_TOOLS names ${module}, which does not export a list named tools`);
  }
  return loaded.tools as readonly Tool[];
}
