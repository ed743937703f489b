import { createRequire } from 'node:module';
import { AppError } from '../../contracts/app-error.ts';
import { BROWSER_ENGINES, type BrowserEngineName } from '../../contracts/sandbox.ts';
import { EngineClient } from './engine-client.ts';
import { openPage, type EnginePool } from './open-page.ts';
import type { BrowserEngine, Browsers } from './port.ts';

const PACKAGES: Readonly<Record<BrowserEngineName, string>> = {
  playwright: 'playwright-core',
  puppeteer: 'puppeteer-core',
};
/** Engines of a kind that are kept for the next page. */
const IDLE = 2;

/** Says whether the library of an engine is there. */
export type IsInstalled = (engine: BrowserEngineName) => boolean;

/** The engines whose libraries are installed; each is loaded when it is first used. */
export function createBrowsers(isInstalled: IsInstalled = canResolve): Browsers {
  const pools = new Map(BROWSER_ENGINES.map((name) => [name, new Pool(name)]));
  return {
    engine: (choice) => {
      const wanted = choice === 'auto' ? BROWSER_ENGINES : [choice];
      const name = wanted.find(isInstalled);
      const pool = name === undefined ? undefined : pools.get(name);
      if (name === undefined || pool === undefined) {
        const sentence = `the library of the browser engine "${choice}" is not installed`;
        throw new AppError('sandbox.level_unavailable', sentence);
      }
      return { name, open: (connection) => openPage(connection, pool) } satisfies BrowserEngine;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

function canResolve(engine: BrowserEngineName): boolean {
  try {
    createRequire(import.meta.url).resolve(PACKAGES[engine]);
    return true;
  } catch {
    return false;
  }
}

class Pool implements EnginePool {
  readonly #engine: BrowserEngineName;
  readonly #idle: EngineClient[] = [];
  #closed = false;

  constructor(engine: BrowserEngineName) {
    this.#engine = engine;
  }

  take(): EngineClient {
    for (let client = this.#idle.pop(); client !== undefined; client = this.#idle.pop()) {
      if (client.alive) return client;
    }
    return new EngineClient(this.#engine);
  }

  give(client: EngineClient): void {
    if (!client.alive) return;
    if (this.#closed || this.#idle.length >= IDLE) void client.terminate();
    else this.#idle.push(client);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#idle.splice(0).map((client) => client.terminate()));
  }
}
