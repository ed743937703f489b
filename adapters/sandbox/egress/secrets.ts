import type { NetworkRule } from '../../../contracts/sandbox.ts';
import type { Target } from './host.ts';
import { compileRules, type Allows } from './rules.ts';

/**
 * A header that the proxy adds to plain HTTP requests, so that its value never enters the sandbox.
 * A request to `http://host/` inside travels on by TLS unless `upstream` says otherwise; what the
 * sandbox encrypts itself passes without it. A host that echoes headers gives the value away.
 */
export interface EgressSecret {
  readonly rule: NetworkRule;
  readonly header: string;
  readonly value: string;
  readonly upstream?: 'https' | 'http';
}

/** Where a plain request goes on to, and with which headers. */
export interface Route {
  readonly target: Target;
  readonly tls: boolean;
  /** Replace what the sandbox sends under these names. */
  readonly headers: readonly (readonly [string, string])[];
}

/** Decides a plain request's route. */
export type RouteOf = (target: Target) => Route;

/** Reads the secrets; throws `agent.invalid_spec` for a rule that says nothing sensible. */
export function compileSecrets(secrets: readonly EgressSecret[]): RouteOf {
  const compiled = secrets.map((secret) => ({ secret, matches: matcherOf(secret) }));
  return (target) => {
    const found = compiled.filter(({ matches }) => matches(target)).map(({ secret }) => secret);
    const tls = found.some(({ upstream }) => upstream !== 'http');
    const port = tls && target.port === 80 ? 443 : target.port;
    const headers = found
      // A value that wants TLS must not go without it, whatever another one for this host says.
      .filter(({ upstream }) => !tls || upstream !== 'http')
      .map(({ header, value }) => [header, value] as const);
    return { target: { ...target, port }, tls, headers };
  };
}

function matcherOf(secret: EgressSecret): Allows {
  return compileRules([secret.rule], {});
}
