import { askHumanTool } from './ask-human.ts';
import { calculatorTool } from './calculator.ts';
import { createCurrentTimeTool } from './current-time.ts';
import { createHttpGetTool } from './http/http-get.ts';
import { createReadFolderTool } from './read-folder.ts';
import type { Tool } from '../tool.ts';

/** Settings of the built-in tools. */
export interface BuiltInToolsConfig {
  /** `host:port` that `http_get` may reach although they are not public. */
  readonly httpAllowHosts: readonly string[];
  /** Folder that `read_folder` reads below; null leaves the tool out. */
  readonly inputsRoot: string | null;
  /** Largest response of `http_get`; 5 MiB by default. */
  readonly httpMaxResponseBytes?: number;
  /** The system's clock by default. */
  readonly now?: () => Date;
}

/** The tools that come with every installation. */
export function createBuiltInTools(config: BuiltInToolsConfig): readonly Tool[] {
  const http = createHttpGetTool({
    allowHosts: config.httpAllowHosts,
    ...(config.httpMaxResponseBytes === undefined
      ? {}
      : { maxResponseBytes: config.httpMaxResponseBytes }),
  });
  const time = createCurrentTimeTool(config.now ?? (() => new Date()));
  const folder = config.inputsRoot === null ? [] : [createReadFolderTool(config.inputsRoot)];
  return [askHumanTool, calculatorTool, time, http, ...folder];
}
