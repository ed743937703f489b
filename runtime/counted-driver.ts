import type { Metrics } from './metrics.ts';
import type { Sandbox, SandboxDriver } from '../adapters/sandbox/port.ts';

/** The driver, with its sandboxes and the ends of their commands counted. */
export function countedDriver(driver: SandboxDriver, metrics: Metrics): SandboxDriver {
  const { level } = driver;
  const connected = new Set<string>();
  const counted = (sandbox: Sandbox): Sandbox => {
    const { id } = sandbox;
    if (!connected.has(id)) {
      connected.add(id);
      metrics.sandboxConnected(level, 1);
      void sandbox.died.then(() => {
        connected.delete(id);
        metrics.sandboxConnected(level, -1);
      });
    }
    return withExec(sandbox, async (request) => {
      const command = await sandbox.exec(request);
      command.result.then(
        ({ end }) => metrics.commandEnded(level, end),
        () => metrics.commandEnded(level, 'lost'),
      );
      return command;
    });
  };
  return {
    level,
    probe: () => driver.probe(),
    create: async (spec) => counted(await driver.create(spec)),
    connect: async (id, onRequest) => counted(await driver.connect(id, onRequest)),
    list: () => driver.list(),
    remove: (id) => driver.remove(id),
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  };
}

/** The same sandbox, whose own methods may be those of a class. */
function withExec(sandbox: Sandbox, exec: Sandbox['exec']): Sandbox {
  return new Proxy(sandbox, {
    get: (target, name) => {
      if (name === 'exec') return exec;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
