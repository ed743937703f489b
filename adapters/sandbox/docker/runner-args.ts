import { INSIDE_FOLDER } from './container-options.ts';
import { EGRESS_PORT, PROXY_PORT } from './options.ts';
import { EGRESS_SOCKET, RUNNER_SOCKET, type SandboxTransport } from './sandbox-folders.ts';
import type { SandboxSpec } from '../port.ts';

/** Arguments of a sandbox's runner. */
export function runnerArgs(spec: SandboxSpec, transport: SandboxTransport): readonly string[] {
  const meeting =
    transport === 'attach'
      ? ['--stdio', '--egress', `gateway:${EGRESS_PORT}`]
      : [
          ...['--socket', `${INSIDE_FOLDER}/${RUNNER_SOCKET}`],
          ...['--egress', `${INSIDE_FOLDER}/${EGRESS_SOCKET}`],
        ];
  return [
    ...meeting,
    ...['--workspace', '/workspace', '--proxy-port', String(PROXY_PORT)],
    ...['--ttl-ms', String(spec.ttlMs), '--max-ttl-ms', String(spec.maxTtlMs)],
    '--refuse-inside',
  ];
}
