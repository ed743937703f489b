import { AppError } from '../../../contracts/app-error.ts';
import type { NetworkRule } from '../../../contracts/sandbox.ts';
import { parseHost, parseTarget, type Target } from './host.ts';

/** Says whether a target is on the list. */
export type Allows = (target: Pick<Target, 'host' | 'port'>) => boolean;

/** Named sets of rules, which a policy may list by name. */
export type Presets = Readonly<Record<string, readonly NetworkRule[]>>;

const DEFAULT_PORTS = [80, 443];

/** Reads a policy's list; throws `agent.invalid_spec` for a rule that says nothing sensible. */
export function compileRules(rules: readonly NetworkRule[], presets: Presets): Allows {
  const tests = rules.flatMap((rule) => expand(rule, presets)).map(compileRule);
  return (target) => tests.some((test) => test(target));
}

function expand(rule: NetworkRule, presets: Presets): readonly NetworkRule[] {
  return Object.hasOwn(presets, rule) ? (presets[rule] ?? []) : [rule];
}

function compileRule(rule: NetworkRule): Allows {
  return rule.startsWith('*.') ? compileDomain(rule) : compileHost(rule);
}

function compileDomain(rule: NetworkRule): Allows {
  const target = readRule(rule.slice(2), rule);
  // A whole top-level domain is no allow-list, and addresses have no domains.
  if (target.isAddress || !target.host.includes('.')) throw invalid(rule);
  const suffix = `.${target.host}`;
  return ({ host, port }) => host.endsWith(suffix) && target.ports.includes(port);
}

function compileHost(rule: NetworkRule): Allows {
  const target = readRule(rule, rule);
  return ({ host, port }) => host === target.host && target.ports.includes(port);
}

function readRule(text: string, rule: NetworkRule) {
  const whole = parseHost(text);
  if (whole !== null && !text.startsWith('[')) return { ...whole, ports: DEFAULT_PORTS };
  const target = parseTarget(text) ?? parseTarget(text, 443);
  if (target === null) throw invalid(rule);
  const ports = parseTarget(text) === null ? DEFAULT_PORTS : [target.port];
  return { ...target, ports };
}

function invalid(rule: NetworkRule): AppError {
  return new AppError(
    'agent.invalid_spec',
    `"${rule}" is no network rule: name a preset, a host or *.domain, each with an optional :port`,
  );
}
